import { type TranslationChanges, Translator } from "../../src/app/translator.ts";
import type { HttpRoute } from "../../src/core/gateway-api.ts";
import { nameOf } from "../../src/core/keys.ts";
import { give, platformObjects, routeObject, type Shape } from "./world.ts";

/** A translated gateway whose routes can be changed one at a time. */
export interface TranslatedWorld {
  readonly shape: Shape;
  readonly routes: number;
  /** Wall time and CPU time of the first, full translation, milliseconds. */
  readonly full: { readonly wallMs: number; readonly cpuMs: number };
  /** Changes one route after another and tells what it cost. */
  change(count: number): ChangeCosts;
}

/** What a series of single-route changes cost. */
export interface ChangeCosts {
  /** From the event to the encoded bytes, one figure for each change, milliseconds of wall time. */
  readonly wallMs: readonly number[];
  /** CPU time of the whole process for each change, the garbage collector's share included, milliseconds. */
  readonly cpuMs: number;
  /** Bytes of the resources that each change would send. */
  readonly bytes: readonly number[];
  readonly resources: readonly number[];
}

/** Translates a gateway with so many routes of a shape. */
export function translateWorld(shape: Shape, routes: number): TranslatedWorld {
  const translator = new Translator({
    controllerName: "gatehouse.dev/gateway-controller",
    placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
  });
  const objects = [...platformObjects(), ...Array.from({ length: routes }, (_, index) => routeObject(shape, index))];
  const cpu = process.cpuUsage();
  const started = performance.now();
  give(translator, objects);
  translator.flush();
  const full = { wallMs: performance.now() - started, cpuMs: cpuMilliseconds(process.cpuUsage(cpu)) };
  let changes = 0;
  return {
    shape,
    routes,
    full,
    change: (count) => {
      const edits = Array.from({ length: count }, () => {
        changes += 1;
        return routeObject(shape, (changes * 7919) % routes, changes); // a prime: spread over all routes
      });
      return measureChanges(translator, edits);
    },
  };
}

function measureChanges(translator: Translator, edits: readonly HttpRoute[]): ChangeCosts {
  const wallMs: number[] = [];
  const results: TranslationChanges[] = [];
  const cpu = process.cpuUsage();
  for (const edit of edits) {
    const started = performance.now();
    translator.set("HTTPRoute", nameOf(edit.metadata), edit);
    results.push(translator.flush());
    wallMs.push(performance.now() - started);
  }
  const cpuMs = cpuMilliseconds(process.cpuUsage(cpu)) / edits.length;
  const changed = results.map(({ resources }) => [...resources.values()].flat());
  return {
    wallMs,
    cpuMs,
    bytes: changed.map((all) => all.reduce((sum, { resource }) => sum + (resource?.bytes.length ?? 0), 0)),
    resources: changed.map(({ length }) => length),
  };
}

function cpuMilliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}
