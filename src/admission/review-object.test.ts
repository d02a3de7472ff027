import { describe, expect, it } from "vitest";
import type { HttpRoute, ListenerSet, Route } from "../core/gateway-api.ts";
import { namespacedName, type ObjectKey, objectKey, routeKinds } from "../core/keys.ts";
import type { RawObject } from "../core/kube-client.ts";
import type { OwnershipRefusal, RefusalCriterion } from "../core/ownership.ts";
import type { AdmissionRequest } from "./admission-review.ts";
import { type OwnershipVerdict, type ReviewOptions, reviewObject } from "./review-object.ts";

const winner = objectKey("HTTPRoute", namespacedName("billing", "api"));
const full = "Hostname 'api.example.com' is already claimed by HTTPRoute 'api' in namespace 'billing'.";
const discreet = "Hostname 'api.example.com' is already claimed in this cluster.";

function refusalOf(hostname: string, criterion: RefusalCriterion = "ClaimedFirst"): OwnershipRefusal {
  return { hostname, criterion, holder: { namespace: "billing", object: winner } };
}

function route(hostnames: readonly string[], metadata: object = {}): RawObject {
  return { kind: "HTTPRoute", metadata: { name: "web", namespace: "shop", ...metadata }, spec: { hostnames } };
}

function ask(object: RawObject, oldObject?: RawObject, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const operation = oldObject === undefined ? "CREATE" : "UPDATE";
  return {
    uid: "1",
    kind: "HTTPRoute",
    operation,
    user: { username: "user1" },
    object,
    ...(oldObject && { oldObject }),
    ...more,
  };
}

/** Everybody but billing is refused its hostname; `warn.` is only warned about. */
function judgeByHostname(object: Route | ListenerSet): OwnershipVerdict {
  const hostnames = "hostnames" in object.spec ? (object.spec.hostnames ?? []) : [];
  const refusals = hostnames.filter((name) => name.endsWith(".example.com")).map((name) => refusalOf(name));
  return {
    enforced: refusals.filter(({ hostname }) => !hostname.startsWith("warn.")),
    warned: refusals.filter(({ hostname }) => hostname.startsWith("warn.")),
  };
}

function world(more: Partial<ReviewOptions> = {}) {
  const asked: string[] = [];
  const options: ReviewOptions = {
    isReady: () => true,
    // Of these routes only what the judge above looks at is there.
    readObject: (_kind, raw) => raw as unknown as HttpRoute,
    judge: judgeByHostname,
    describe: ({ hostname, criterion }) => `${hostname}: ${criterion}`,
    mayRead: async ({ username }, object: ObjectKey) => {
      asked.push(`${username} ${object}`);
      return username === "platform";
    },
    ...more,
  };
  return { asked, review: (request: AdmissionRequest) => reviewObject(request, options) };
}

describe("reviewObject", () => {
  it("refuses a hostname that is another's, and names nobody to whom that is hidden", async () => {
    const { review, asked } = world();
    expect(await review(ask(route(["api.example.com"])))).toEqual({
      outcome: "refused",
      answer: { allowed: false, message: discreet, warnings: [] },
    });
    expect(asked).toEqual(["user1 HTTPRoute/billing/api"]);
  });

  it("says the whole of it to who may read the route that has it", async () => {
    const { answer } = await world().review(
      ask(route(["api.example.com"]), undefined, { user: { username: "platform" } }),
    );
    expect(answer).toEqual({ allowed: false, message: full, warnings: [] });
  });

  it("asks nobody about what it lets pass", async () => {
    const { review, asked } = world();
    expect(await review(ask(route(["mine.test"])))).toEqual({
      outcome: "allowed",
      answer: { allowed: true, warnings: [] },
    });
    expect(asked).toEqual([]);
  });

  it("lets a route be changed that was refused before, and says that it still is", async () => {
    const { outcome, answer } = await world().review(
      ask(route(["api.example.com", "mine.test"]), route(["api.example.com"])),
    );
    expect(outcome).toBe("warned");
    expect(answer).toEqual({ allowed: true, warnings: [`${discreet} It was so before this change.`] });
  });

  it("refuses a hostname that an old route takes on", async () => {
    const { answer } = await world().review(ask(route(["b.example.com", "api.example.com"]), route(["b.example.com"])));
    expect(answer).toEqual({
      allowed: false,
      message: discreet,
      warnings: ["Hostname 'b.example.com' is already claimed in this cluster. It was so before this change."],
    });
  });

  it.each([...routeKinds, "ListenerSet"])("judges a %s", async (kind) => {
    const { outcome } = await world().review(ask(route(["api.example.com"]), undefined, { kind }));
    expect(outcome).toBe("refused");
  });

  it("says of a port that it is claimed, and that a route had it before in words of its own", async () => {
    const port: OwnershipRefusal = { ...refusalOf("", "PathClaimedFirst"), isPort: true };
    const judge = (): OwnershipVerdict => ({ enforced: [port], warned: [] });
    const { answer } = await world({ judge }).review(ask(route([])));
    expect(answer.message).toBe("The port of the listener is already claimed in this cluster.");
    const kept = await world({ judge }).review(ask(route([]), route([])));
    expect(kept.outcome).toBe("warned");
  });

  it("tells paths of one hostname apart", async () => {
    const judge = ({ metadata }: Route | ListenerSet): OwnershipVerdict => {
      const at = (value: string): OwnershipRefusal => ({
        ...refusalOf("api.example.com", "PathClaimedFirst"),
        path: { type: "PathPrefix", value },
      });
      return { enforced: metadata.name === "old" ? [at("/a")] : [at("/a"), at("/b")], warned: [] };
    };
    const { answer } = await world({ judge }).review(ask(route([]), route([], { name: "old" })));
    expect(answer.message).toBe("Path '/b' of hostname 'api.example.com' is already claimed in this cluster.");
    expect(answer.warnings).toHaveLength(1);
  });

  it("only warns where the Gateway does", async () => {
    const { outcome, answer } = await world().review(ask(route(["warn.example.com"])));
    expect(outcome).toBe("warned");
    expect(answer).toEqual({
      allowed: true,
      warnings: [
        "Hostname 'warn.example.com' is already claimed in this cluster. It is served all the same: this Gateway only warns.",
      ],
    });
  });

  it.each<RefusalCriterion>(["GrantedToOthers", "PublicSuffix", "Unclaimed", "OtherRoute"])(
    "tells of %s without asking who may read what",
    async (criterion) => {
      const { review, asked } = world({ judge: () => ({ enforced: [refusalOf("h", criterion)], warned: [] }) });
      expect((await review(ask(route(["h"])))).answer.message).toBe(`h: ${criterion}.`);
      expect(asked).toEqual([]);
    },
  );

  it("never refuses what is only not recorded yet", async () => {
    const refusals = [refusalOf("h", "NotRecorded")];
    const { review } = world({ judge: () => ({ enforced: refusals, warned: refusals }) });
    expect((await review(ask(route(["h"])))).outcome).toBe("allowed");
  });

  it.each<{ name: string; request: AdmissionRequest; options?: Partial<ReviewOptions> }>([
    {
      name: "an object that is being deleted",
      request: ask(route(["api.example.com"], { deletionTimestamp: "2026-01-01T00:00:00Z" }), route([])),
    },
    {
      name: "anything before the first translation",
      request: ask(route(["api.example.com"])),
      options: { isReady: () => false },
    },
    { name: "what it cannot read", request: ask(route(["api.example.com"])), options: { readObject: () => undefined } },
    { name: "another kind", request: ask(route(["api.example.com"]), undefined, { kind: "Gateway" }) },
    { name: "no object", request: { uid: "1", kind: "HTTPRoute", operation: "DELETE", user: { username: "user1" } } },
  ])("has nothing to say about $name", async ({ request, options }) => {
    expect(await world(options).review(request)).toEqual({
      outcome: "unjudged",
      answer: { allowed: true, warnings: [] },
    });
  });

  it("asks for eight holders at most, and keeps the message short", async () => {
    const enforced = Array.from({ length: 30 }, (_, index) => ({
      ...refusalOf(`h${index}.example.com`),
      holder: { namespace: "n", object: objectKey("HTTPRoute", namespacedName("n", `r${index}`)) },
    }));
    const { review, asked } = world({ judge: () => ({ enforced, warned: [] }) });
    const { answer } = await review(ask(route([]), undefined, { user: { username: "platform" } }));
    expect(asked).toHaveLength(8);
    expect(answer.message).toMatch(
      /^Hostname 'h0\.example\.com' is already claimed by HTTPRoute 'r0' in namespace 'n'\./,
    );
    expect(answer.message).toMatch(/'r7' in namespace 'n'\. There are 22 more\.$/);
  });
});
