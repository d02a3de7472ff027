import { setTimeout as sleep } from "node:timers/promises";
import type { Line } from "./compare.ts";
import type { Answer } from "./request.ts";

/** What is asked in the background, and who alone may answer it. */
export interface TrafficOptions {
  readonly send: () => Promise<Answer>;
  readonly backend: string;
}

const pauseMs = 20;
const mostKinds = 4;

/** Asks one thing over and over while the steps go on, and counts every answer. */
export class Traffic {
  readonly #options: TrafficOptions;
  /** Answers that are not as they should be, by what they were. */
  readonly #wrong = new Map<string, number>();
  readonly #running: Promise<void>;
  #right = 0;
  #isOver = false;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#running = this.#ask();
  }

  /** Whether no answer has come back yet. */
  get isSilent(): boolean {
    return this.#right === 0 && this.#wrong.size === 0;
  }

  /** Every answer so far. Until the first one has come nothing is proved. */
  line(): Line {
    const line = { label: "meanwhile", expected: `200 from ${this.#options.backend} only` };
    if (this.isSilent) return { ...line, real: "nothing has come back yet", agrees: false };
    return { ...line, real: this.#tell(), agrees: this.#wrong.size === 0 };
  }

  /** Lets the request that is under way end. */
  stop(): Promise<void> {
    this.#isOver = true;
    return this.#running;
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      const answer = await this.#options.send();
      if (answer.kind === "answered" && answer.status === 200 && answer.backend === this.#options.backend) {
        this.#right += 1;
      } else {
        const told = tell(answer);
        this.#wrong.set(told, (this.#wrong.get(told) ?? 0) + 1);
      }
      await sleep(pauseMs);
    }
  }

  #tell(): string {
    const wrong = [...this.#wrong.values()].reduce((sum, count) => sum + count, 0);
    const kinds = [...this.#wrong].slice(0, mostKinds).map(([told, count]) => `${count} times ${told}`);
    const others = wrong === 0 ? "0 otherwise" : kinds.join(", ");
    return `${this.#right} of ${this.#right + wrong} requests, ${others}`;
  }
}

function tell(answer: Answer): string {
  if (answer.kind === "failed") return answer.message;
  const status = String(answer.status ?? "something");
  return answer.backend === undefined ? status : `${status} from ${answer.backend}`;
}
