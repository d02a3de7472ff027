import { describe, expect, it } from "vitest";
import { decodeMessage } from "../../proto/messages.ts";
import { decide } from "../../src/translate/decide/decide.ts";
import { foundationText, manifestsOf, routingOf } from "./agreement.ts";
import { questionAt } from "./questions.ts";
import { createRandom } from "./random.ts";
import { routeSet } from "./route-sets.ts";

describe("the printed virtual hosts", () => {
  it("try the routes of their entries in the order in which decide tells winner and rivals", () => {
    const random = createRandom(11);
    let pairs = 0;
    for (let index = 0; index < 40; index += 1) {
      const set = routeSet(random, { index, namespaces: ["infra"], scoped: false });
      const view = routingOf([foundationText, manifestsOf([set])].join("\n---\n"));
      for (let asked = 0; asked < 40; asked += 1) {
        const question = questionAt(random, set);
        const [explanation] = decide(view, question).gateways;
        if (explanation?.winner === undefined) continue;
        const { winner, rivals } = explanation;
        const hosts = [...view.virtualHosts.entries()].map(([, host]) => host);
        const within = [winner, ...rivals].filter(({ hostname }) => hostname === explanation.virtualHost);
        const names = within.map(
          ({ route, rule }) => `${route.kind.toLowerCase()}/${route.namespace}/${route.name}/rule/${rule}`,
        );
        // Several tables may have the hostname: the one that is meant has all of them, in this order.
        const printed = hosts
          .filter(({ hostname }) => (hostname === "" ? "*" : hostname) === explanation.virtualHost)
          .map(({ bytes }) => decodeMessage("envoy.config.route.v3.VirtualHost", bytes).routes ?? [])
          .map((routes) => routes.map(({ name }) => name));
        expect(
          printed.some((order) => isSubsequence(names, order)),
          JSON.stringify(question),
        ).toBe(true);
        pairs += names.length - 1;
      }
    }
    expect(pairs).toBeGreaterThan(50);
  });

  it("belong to rules that decide tells with the answer alone, too", () => {
    const random = createRandom(12);
    const set = routeSet(random, { index: 0, namespaces: ["infra"], scoped: false });
    const view = routingOf([foundationText, manifestsOf([set])].join("\n---\n"));
    for (let asked = 0; asked < 200; asked += 1) {
      const question = questionAt(random, set);
      const [full] = decide(view, question).gateways;
      const [brief] = decide(view, question, "answer").gateways;
      expect(brief).toEqual({ ...full, rivals: [], withheld: [] });
    }
  });
});

function isSubsequence(part: readonly string[], whole: readonly (string | undefined)[]): boolean {
  let next = 0;
  for (const each of whole) if (each === part[next]) next += 1;
  return next === part.length;
}
