import type { Socket } from "node:net";
import type { ClientResponse } from "./client.ts";

/** Reads HTTP/1.1 responses from a socket, one at a time, without judging them. */
export class HttpReader {
  #buffer = Buffer.alloc(0);
  #ended: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake?.();
    });
    const end = (error?: Error) => {
      this.#ended ??= error ?? new Error("the connection was closed");
      this.#wake?.();
    };
    socket.on("error", end);
    socket.on("end", () => end());
    socket.on("close", () => end());
  }

  /** Reads the final response to a request of this method; interim ones are passed over. */
  async read(method: string): Promise<ClientResponse> {
    for (;;) {
      const head = await this.#readHead();
      if (head.status >= 100 && head.status < 200 && head.status !== 101) continue;
      const body = await this.#readBody(method, head.status, head.headers);
      return { ...head, body: body.toString("utf8") };
    }
  }

  async #readHead(): Promise<{ status: number; headers: ReadonlyMap<string, readonly string[]> }> {
    const text = (await this.#until("\r\n\r\n")).toString("latin1");
    const [first = "", ...lines] = text.split("\r\n");
    const headers = new Map<string, string[]>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon < 0) continue;
      const name = line.slice(0, colon).toLowerCase();
      headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
    }
    return { status: Number(first.split(" ")[1]), headers };
  }

  async #readBody(method: string, status: number, headers: ReadonlyMap<string, readonly string[]>): Promise<Buffer> {
    if (method === "HEAD" || status === 204 || status === 304 || status === 101) return Buffer.alloc(0);
    if (headers.get("transfer-encoding")?.[0] === "chunked") return this.#readChunks();
    const length = headers.get("content-length")?.[0];
    if (length !== undefined) return this.#take(Number(length));
    while (this.#ended === undefined) await this.#more();
    return this.#buffer;
  }

  async #readChunks(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await this.#until("\r\n")).toString("latin1"), 16);
      if (size === 0) {
        while ((await this.#until("\r\n")).length > 2) {}
        return Buffer.concat(chunks);
      }
      chunks.push(await this.#take(size));
      await this.#take(2);
    }
  }

  async #until(mark: string): Promise<Buffer> {
    let at = this.#buffer.indexOf(mark);
    while (at < 0) {
      await this.#more();
      at = this.#buffer.indexOf(mark);
    }
    return this.#take(at + mark.length);
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#buffer.length < length) await this.#more();
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  #more(): Promise<void> {
    if (this.#ended !== undefined || this.#socket.destroyed) {
      return Promise.reject(this.#ended ?? new Error("the connection was closed"));
    }
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
