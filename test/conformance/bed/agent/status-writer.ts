import { ApiError, type BedApi } from "../api.ts";
import { type Pod, podPath } from "./pod.ts";

/** Writes the latest status of one pod: one write at a time, none when nothing has changed. */
export class PodStatusWriter {
  readonly #api: BedApi;
  readonly #build: () => { readonly pod: Pod; readonly status: object };
  #dirty = false;
  #writing: Promise<void> | undefined;
  #written = "";

  constructor(api: BedApi, build: () => { readonly pod: Pod; readonly status: object }) {
    this.#api = api;
    this.#build = build;
  }

  /** Something has changed. Answers when the API server knows, or has no such pod any more. */
  changed(): Promise<void> {
    this.#dirty = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    // Changes that come in one go make one write.
    await new Promise((resolve) => setImmediate(resolve));
    for (let failures = 0; this.#dirty && failures < 20; ) {
      this.#dirty = false;
      const { pod, status } = this.#build();
      const content = JSON.stringify({ ...status, conditions: withoutTimes(status) });
      if (content === this.#written) continue;
      try {
        // The uid makes it fail for another pod of the same name.
        await this.#api.merge(podPath(pod, "status"), { metadata: { uid: pod.metadata.uid }, status });
        this.#written = content;
      } catch (error) {
        if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return;
        failures++;
        this.#dirty = true;
        if (failures === 1) console.error(`status of ${podPath(pod)}: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }
}

function withoutTimes(status: object): unknown {
  if (!("conditions" in status) || !Array.isArray(status.conditions)) return [];
  return status.conditions.map((condition) => ({ ...condition, lastTransitionTime: "" }));
}
