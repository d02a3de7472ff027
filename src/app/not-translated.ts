import type { ObjectSource } from "../watch/object-source.ts";

/** Why a replica is not ready that has not translated everything: a kind whose list is refused is named. */
export function notTranslated(source: Pick<ObjectSource, "unread">): string {
  const unread = source.unread?.() ?? [];
  const which = unread.length === 0 ? "" : `, not read: ${unread.join(", ")}`;
  return `not everything is read and translated yet${which}`;
}
