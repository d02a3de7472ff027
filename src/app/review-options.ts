import type { ReviewOptions } from "../admission/review-object.ts";
import type { ListenerSet, Route } from "../core/gateway-api.ts";
import { describeRefusal } from "../translate/ownership/messages.ts";
import { acceptObject } from "../watch/accepted-object.ts";

/** What every webhook of ours reviews with: objects are read as they are watched, and refusals told as in statuses. */
export function reviewOptions(options: Pick<ReviewOptions, "isReady" | "judge" | "mayRead">): ReviewOptions {
  return {
    ...options,
    describe: describeRefusal,
    readObject: (kind, raw) => {
      const accepted = acceptObject(kind, raw);
      // The kind that was asked for is the kind that comes back.
      return accepted.kind === "object" ? (accepted.object as Route | ListenerSet) : undefined;
    },
  };
}
