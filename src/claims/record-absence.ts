import type { Scheduler } from "../core/scheduler.ts";
import type { ClaimLog } from "./claim-target.ts";

export interface RecordAbsenceOptions {
  readonly scheduler: Scheduler;
  readonly log: { readonly warn: ClaimLog };
  /** Whether the CustomResourceDefinition of the records is not there, as far as a source knows. */
  readonly isAbsent: () => boolean;
  /** Records may be stored again, as far as anybody knows: it is worth a try. */
  readonly onPresent: () => void;
}

/** Between two looks whether records can be stored by now, in milliseconds. */
const pause = 5_000;

/** Knows whether HostnameRecords cannot be stored, because the cluster does not serve their kind. */
export class RecordAbsence {
  readonly #options: RecordAbsenceOptions;
  /** A write was answered so. */
  #wasRefused = false;
  #isTold = false;
  #cancel: (() => void) | undefined;

  constructor(options: RecordAbsenceOptions) {
    this.#options = options;
  }

  get absent(): boolean {
    return this.#wasRefused || this.#options.isAbsent();
  }

  /** A write found that there is no such kind. */
  refused(): void {
    this.#wasRefused = true;
  }

  /** A record was stored: the next absence is told anew. */
  stored(): void {
    this.#isTold = false;
  }

  /** Where records cannot be stored: says so once, and looks again from time to time until {@link stop}. */
  watch(): void {
    const { log, scheduler } = this.#options;
    if (!this.absent) return;
    if (!this.#isTold) {
      this.#isTold = true;
      log.warn({ kind: "HostnameRecord" }, "the kind is not served: who holds which hostname is kept in memory only");
    }
    this.#cancel ??= scheduler.after(pause, () => {
      this.#cancel = undefined;
      this.#wasRefused = false;
      if (this.#options.isAbsent()) this.watch();
      else this.#options.onPresent();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
