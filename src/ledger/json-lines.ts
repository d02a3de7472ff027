import { appendFile } from "node:fs/promises";

export interface JsonLinesOptions {
  readonly path: string;
  /** Told when lines could not be written, once until it works again. */
  readonly onProblem: (error: Error) => void;
  readonly onRecovered: () => void;
}

/** Lines that may wait for a slow disk; the oldest are dropped. */
const mostWaiting = 100_000;

/** Appends values to a file, each as JSON on a line of its own. Nobody waits for the disk. */
export class JsonLines {
  readonly #options: JsonLinesOptions;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #failed = false;

  constructor(options: JsonLinesOptions) {
    this.#options = options;
  }

  append(values: readonly unknown[]): void {
    for (const value of values) this.#waiting.push(`${JSON.stringify(value)}\n`);
    if (this.#waiting.length > mostWaiting) this.#waiting = this.#waiting.slice(-mostWaiting);
    if (this.#waiting.length > 0) this.#writing ??= this.#write();
  }

  /** Resolves when what was appended is written, or could not be. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      try {
        await appendFile(this.#options.path, lines.join(""));
        if (this.#failed) this.#options.onRecovered();
        this.#failed = false;
      } catch (cause) {
        // These lines are lost, which is told; the control plane goes on.
        if (!this.#failed) this.#options.onProblem(cause instanceof Error ? cause : new Error(String(cause)));
        this.#failed = true;
      }
    }
    this.#writing = undefined;
  }
}
