import { formatListenAddress, type ListenAddress } from "../settings.ts";

/** Talks to the admin page of the Envoy in the same pod. https://www.envoyproxy.io/docs/envoy/latest/operations/admin */
export class EnvoyAdmin {
  readonly #base: string;

  constructor(address: ListenAddress) {
    this.#base = `http://${formatListenAddress(address)}`;
  }

  /** Whether Envoy answers at all. */
  async isThere(): Promise<boolean> {
    return (await this.#ask("GET", "/ready")) !== undefined;
  }

  /** Makes the readiness check fail from now on; false when Envoy does not answer. */
  async failHealthChecks(): Promise<boolean> {
    return (await this.#ask("POST", "/healthcheck/fail")) !== undefined;
  }

  /** Requests under way on the Gateway's listeners; undefined when Envoy does not answer. */
  async activeRequests(): Promise<number | undefined> {
    const text = await this.#ask("GET", `/stats?filter=${encodeURIComponent(activeRequestStats)}`);
    if (text === undefined) return undefined;
    const values = [...text.matchAll(/: (\d+)$/gm)].map(([, value]) => Number(value));
    return values.reduce((sum, value) => sum + value, 0);
  }

  async #ask(method: "GET" | "POST", path: string): Promise<string | undefined> {
    try {
      const response = await fetch(`${this.#base}${path}`, { method, signal: AbortSignal.timeout(answerMs) });
      return await response.text();
    } catch {
      // Envoy is gone, or not there yet: both are what the caller wants to know.
      return undefined;
    }
  }
}

const answerMs = 2_000;

/** Readiness and metrics have connection managers too, which do not count. */
const activeRequestStats = "^http\\.https?-[0-9]+\\.downstream_rq_active$";
