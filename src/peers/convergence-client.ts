import { Client } from "@grpc/grpc-js";
import type { ConvergenceQuestion, ReplicaCounts } from "../core/convergence.ts";
import type { TlsMaterialSource } from "../core/tls-material.ts";
import { convergenceMethod, decodeAnswers, encodeQuestions } from "./convergence-method.ts";
import { transportOptions } from "./peer-client.ts";
import { createClientCredentials } from "./peer-credentials.ts";

export interface ConvergenceClientOptions {
  readonly material: TlsMaterialSource;
  readonly trustDomain: string;
  /** Who does not answer so soon has not answered; 1 s by default. */
  readonly timeoutMs?: number;
}

/** Asks other replicas what their proxies have acknowledged. Connections are kept, and dropped at the first failure. */
export class ConvergenceClient {
  readonly #options: ConvergenceClientOptions;
  readonly #clients = new Map<string, Client>();
  readonly #stopMaterial: () => void;

  constructor(options: ConvergenceClientOptions) {
    this.#options = options;
    // Each connection has the credentials of its own day.
    this.#stopMaterial = options.material.onChange(() => this.#dropAll());
  }

  /** The answers by address, `host:port`, in their order; undefined for who did not answer in time, or not well. */
  async ask(
    addresses: readonly string[],
    questions: readonly ConvergenceQuestion[],
  ): Promise<readonly (readonly ReplicaCounts[] | undefined)[]> {
    for (const address of [...this.#clients.keys()]) if (!addresses.includes(address)) this.#drop(address);
    return Promise.all(addresses.map((address) => this.#askOne(address, questions)));
  }

  stop(): void {
    this.#stopMaterial();
    this.#dropAll();
  }

  async #askOne(
    address: string,
    questions: readonly ConvergenceQuestion[],
  ): Promise<readonly ReplicaCounts[] | undefined> {
    const client = this.#client(address);
    if (client === undefined) return undefined;
    const { path, requestSerialize, responseDeserialize } = convergenceMethod;
    const deadline = Date.now() + (this.#options.timeoutMs ?? 1_000);
    return new Promise((resolve) => {
      client.makeUnaryRequest(
        ...([path, requestSerialize, responseDeserialize, encodeQuestions(questions), { deadline }] as const),
        (error, bytes) => {
          // The library waits for minutes after some failures: the next question gets a connection of its own.
          if (error !== null && this.#clients.get(address) === client) this.#drop(address);
          resolve(bytes === undefined ? undefined : decodeAnswers(bytes, questions.length));
        },
      );
    });
  }

  #client(address: string): Client | undefined {
    const existing = this.#clients.get(address);
    if (existing !== undefined) return existing;
    const { material, trustDomain } = this.#options;
    const current = material.current();
    if (current === undefined) return undefined;
    const client = new Client(address, createClientCredentials(current, trustDomain), transportOptions);
    this.#clients.set(address, client);
    return client;
  }

  #drop(address: string): void {
    this.#clients.get(address)?.close();
    this.#clients.delete(address);
  }

  #dropAll(): void {
    for (const address of [...this.#clients.keys()]) this.#drop(address);
  }
}
