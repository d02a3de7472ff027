import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Secret } from "../src/core/kubernetes.ts";
import type { Placement } from "../src/translate/placement.ts";
import { arbitraryEdit, rewritten } from "./incremental/arbitrary-objects.ts";
import { teamEdits } from "./incremental/team-objects.ts";
import {
  createWorld,
  difference,
  type Edit,
  editsOf,
  type Inputs,
  noInputs,
  outcome,
  record,
} from "./incremental/world.ts";
import { caseSeed } from "./support/case-seed.ts";
import { createCertificateAuthority, issueCertificate } from "./support/certificates.ts";
import {
  gateway,
  gatewayClass,
  httpsListener,
  listener,
  listenerSet,
  namespaceObject,
  tlsSecret,
} from "./support/gateway-objects.ts";

let secrets: readonly Secret[] = [];
let authorities: readonly string[] = [];

beforeAll(async () => {
  const authority = await createCertificateAuthority();
  const other = await createCertificateAuthority("another");
  authorities = [authority.certificatePem, authority.certificatePem + other.certificatePem];
  const one = await issueCertificate(authority, { names: ["shop.example.com"] });
  const two = await issueCertificate(authority, { names: ["shop.example.com"] });
  secrets = [
    tlsSecret("infra", "cert", one),
    tlsSecret("infra", "cert", two),
    tlsSecret("infra", "cert", { ...one, keyPem: two.keyPem }),
    { ...tlsSecret("infra", "cert", one), type: "Opaque" },
  ];
});

/** A step of a story: an edit, the same object written otherwise, or everything so far brought up to date. */
type Step =
  | { readonly kind: "edit"; readonly edit: Edit }
  | { readonly kind: "rewrite"; readonly index: number }
  | { readonly kind: "flush" };

interface Story {
  readonly placement: Placement["kind"];
  readonly steps: readonly Step[];
}

function stories(): fc.Arbitrary<Story> {
  const edit = arbitraryEdit(secrets, authorities).map((made): Step => ({ kind: "edit", edit: made }));
  const step = fc.oneof(
    { weight: 12, arbitrary: edit },
    { weight: 1, arbitrary: fc.nat({ max: 50 }).map((index): Step => ({ kind: "rewrite", index })) },
    { weight: 4, arbitrary: fc.constant<Step>({ kind: "flush" }) },
  );
  const steps = fc.array(step, { minLength: 8, maxLength: 30 });
  return fc.record({ placement: fc.constantFrom("standalone", "cluster"), steps });
}

/** A world in which most of what an edit can meet is there. */
function furnished(): readonly Edit[] {
  const all = { allowedRoutes: { namespaces: { from: "All" } } } as const;
  const shared = gateway([listener("one", all), httpsListener("two", "cert", all)], {
    allowedListeners: { namespaces: { from: "All" } },
  });
  const [secret] = secrets;
  return [
    { of: "GatewayClass", key: "shared", value: gatewayClass() },
    { of: "Gateway", key: "infra/shared-gateway", value: shared },
    { of: "Namespace", key: "a", value: namespaceObject("a", { shared: "true" }) },
    { of: "Namespace", key: "b", value: namespaceObject("b") },
    { of: "Secret", key: "infra/cert", value: secret },
    ...["a", "b"].flatMap(teamEdits),
    ...["a", "b"].map((namespace): Edit => {
      const listeners = [listener("set", { ...all, port: 8080 }), listener(namespace, { ...all, port: 8081 })];
      return { of: "ListenerSet", key: `${namespace}/set`, value: listenerSet(namespace, "set", listeners) };
    }),
  ];
}

function fromScratch(placement: Placement["kind"], edits: readonly Edit[]): readonly string[] {
  const world = createWorld(placement);
  world.apply(edits);
  world.graph.flush();
  return outcome(world);
}

/** Lives through a story, and asks at the end of each flush whether a world made anew would look the same. */
function live({ placement, steps }: Story, check: (incremental: readonly string[], inputs: Inputs) => void): void {
  const world = createWorld(placement);
  const inputs = noInputs();
  const edit = (made: Edit) => {
    record(inputs, made);
    world.apply([made]);
  };
  for (const made of furnished()) edit(made);
  for (const step of [...steps, { kind: "flush" } as const]) {
    if (step.kind === "edit") edit(step.edit);
    else if (step.kind === "rewrite") {
      const present = editsOf(inputs);
      const chosen = present[step.index % Math.max(1, present.length)];
      if (chosen !== undefined) edit(rewritten(chosen));
    } else {
      world.graph.flush();
      check(outcome(world), inputs);
    }
  }
}

/** As many stories as there is time for on a busy machine; a failure has time to be made small. */
const limits = { ...caseSeed, numRuns: 120, interruptAfterTimeLimit: 12_000 };

describe("the incremental translation", { timeout: 120_000 }, () => {
  it("gives after any series of edits what a translation from scratch gives, byte for byte", () => {
    fc.assert(
      fc.property(stories(), (story) => {
        live(story, (incremental, inputs) =>
          expect(difference(fromScratch(story.placement, editsOf(inputs)), incremental)).toEqual([]),
        );
      }),
      limits,
    );
  });

  it("gives the same bytes in whatever order its inputs come", () => {
    fc.assert(
      fc.property(stories(), fc.integer(), ({ placement, steps }, seed) => {
        const inputs = noInputs();
        for (const made of furnished()) record(inputs, made);
        for (const step of steps) if (step.kind === "edit") record(inputs, step.edit);
        const edits = editsOf(inputs);
        const shuffled = fc.sample(fc.shuffledSubarray([...edits], { minLength: edits.length }), { numRuns: 1, seed });
        expect(difference(fromScratch(placement, edits), fromScratch(placement, shuffled[0] ?? []))).toEqual([]);
      }),
      limits,
    );
  });
});
