import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RequestQuestion } from "../../src/core/explanation.ts";
import type { ClientResponse } from "../support/client.ts";
import { HttpReader } from "../support/http-reader.ts";

/** What came of a request: an answer, or no connection. */
export type Received = ClientResponse | "noConnection";

/**
 * Sends requests one after the other, each byte as the question says, over connections that are kept while their server name
 * stays the same. Gives the answers in the order of the questions.
 */
export async function ask(
  address: string,
  questions: readonly RequestQuestion[],
  markOf: (place: number) => string,
): Promise<readonly Received[]> {
  const answers: Received[] = [];
  const byConnection = Map.groupBy(questions.entries(), ([, { port, scheme, sni = "" }]) => `${port} ${scheme} ${sni}`);
  const groups = [...byConnection.values()];
  const work = async () => {
    for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
      const connection = new Connection(address);
      for (const [place, question] of group) answers[place] = await connection.send(question, markOf(place));
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: 12 }, work));
  return answers;
}

class Connection {
  readonly #address: string;
  #open: { readonly socket: Socket; readonly reader: HttpReader } | undefined;

  constructor(address: string) {
    this.#address = address;
  }

  async send(question: RequestQuestion, mark: string): Promise<Received> {
    const socket = this.#open?.socket;
    if (socket === undefined || socket.destroyed || socket.readableEnded) {
      const opened = await openSocket(this.#address, question).catch(() => undefined);
      if (opened === undefined) return "noConnection";
      this.#open = { socket: opened, reader: new HttpReader(opened) };
    }
    const open = this.#open;
    if (open === undefined) throw new Error("bug: nothing is open");
    open.socket.write(bytesOf(question, mark), "latin1");
    const answer = await open.reader.read(question.method);
    if (answer.headers.get("connection")?.includes("close") === true) this.close();
    return answer;
  }

  close(): void {
    this.#open?.socket.destroy();
    this.#open = undefined;
  }
}

function bytesOf({ method, path, host, headers }: RequestQuestion, mark: string): string {
  const lines = headers.map(({ name, value }) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${mark}\r\n${lines.join("")}\r\n`;
}

function openSocket(host: string, { port, scheme, sni }: RequestQuestion): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Whether the certificate is the right one is tested elsewhere.
    const tls = { host, port, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"], ...(sni && { servername: sni }) };
    const socket =
      scheme === "http" ? connectTcp({ host, port }, () => resolve(socket)) : connectTls(tls, () => resolve(socket));
    socket.setNoDelay(true);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
  });
}
