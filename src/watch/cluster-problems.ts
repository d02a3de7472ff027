import type { KubeFailure } from "../core/kube-client.ts";
import type { SourceLog } from "./file-source.ts";
import type { SourceProblem } from "./object-source.ts";
import { isTemporary } from "./reflector.ts";
import type { Fault } from "./schema-validator.ts";

/** The place that problems with an API server name. */
const place = "API server";

/** What does not work between us and the API server, told in the log when it begins and when it is over. */
export class ClusterProblems {
  readonly #log: SourceLog | undefined;
  readonly #failures = new Map<string, KubeFailure>();
  readonly #refused = new Map<string, readonly Fault[]>();
  #unreachable = false;

  constructor(log: SourceLog | undefined) {
    this.#log = log;
  }

  /** What happened to requests about one resource; undefined when they work. */
  setFailure(resource: string, failure: KubeFailure | undefined): void {
    const before = this.#failures.get(resource);
    if (failure === undefined) this.#failures.delete(resource);
    else this.#failures.set(resource, failure);
    this.#tellReachable();
    if (failure !== undefined && !isTemporary(failure)) {
      this.#log?.warn({ resource, status: failure.status }, `the API server refuses: ${failure.message}`);
    } else if (failure === undefined && before !== undefined && !isTemporary(before)) {
      this.#log?.info({ resource }, "the API server does not refuse any more");
    }
  }

  /** What an object is refused for; an empty list when it is taken, or gone. */
  setRefused(object: string, faults: readonly Fault[]): void {
    if (faults.length === 0) {
      this.#refused.delete(object);
      return;
    }
    const before = this.#refused.get(object);
    this.#refused.set(object, faults);
    const [first] = faults;
    const same = before !== undefined && JSON.stringify(before) === JSON.stringify(faults);
    if (same || first === undefined) return;
    this.#log?.warn(
      { object, path: first.path },
      `an object cannot be read, what was known of it stays: it ${first.message}`,
    );
  }

  list(): readonly SourceProblem[] {
    return [
      ...[...this.#failures].map(([object, { message }]) => ({ file: place, object, message })),
      ...[...this.#refused].flatMap(([object, faults]) =>
        faults.map(({ path, message }) => ({ file: place, object, ...(path !== "" && { path }), message })),
      ),
    ].sort((a, b) => (a.object < b.object ? -1 : a.object > b.object ? 1 : 0));
  }

  /** One line for all resources: a server that is gone is gone for each of them. */
  #tellReachable(): void {
    const silent = [...this.#failures.values()].find(isTemporary);
    if (silent !== undefined && !this.#unreachable) {
      this.#log?.warn({}, `the API server cannot be used now, what is known stays: ${silent.message}`);
    } else if (silent === undefined && this.#unreachable) this.#log?.info({}, "the API server can be used again");
    this.#unreachable = silent !== undefined;
  }
}
