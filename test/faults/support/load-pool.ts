import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { LoadTarget } from "./load.ts";

/** Told once for each request: its status and the backend that answered, or 0 and why there was no answer. */
export type Answered = (status: number, detail: string) => void;

/** Longer than a busy machine lets anything wait. */
const patienceMs = 30_000;

/** Connections to one address and port that are kept, as clients keep them, and opened anew when they were closed. */
export class LoadPool {
  readonly #target: LoadTarget;
  readonly #most: number;
  readonly #idle: Http1Client[] = [];
  readonly #sessions: ClientHttp2Session[] = [];
  #turn = 0;
  opened = 0;

  constructor(target: LoadTarget, connections: number) {
    this.#target = target;
    this.#most = connections;
  }

  send(target: LoadTarget, answered: Answered): void {
    if (target.protocol === "http2") this.#sendHttp2(target, answered);
    else this.#sendHttp1(target, answered);
  }

  /** Takes turns, so that every kept connection is used: also those from before a change. */
  #sendHttp1(target: LoadTarget, answered: Answered): void {
    const connection = this.#idle.shift() ?? this.#open();
    connection.send(target, (status, detail) => {
      if (connection.isOpen) this.#idle.push(connection);
      answered(status, detail);
    });
    // One more than asked for is as good as the others; there are only as many as are under way at once.
    if (this.opened < this.#most) this.#idle.push(this.#open());
  }

  #open(): Http1Client {
    this.opened += 1;
    const client: Http1Client = new Http1Client(this.#socket(["http/1.1"]), () => {
      const index = this.#idle.indexOf(client);
      if (index >= 0) this.#idle.splice(index, 1);
    });
    return client;
  }

  #sendHttp2(target: LoadTarget, answered: Answered): void {
    this.#turn = (this.#turn + 1) % Math.max(1, this.#most);
    const session = this.#sessionAt(this.#turn);
    const stream = session.request({ ":path": target.path, ":authority": target.host });
    let [status, detail] = [0, "the stream was closed without an answer"];
    const timer = setTimeout(() => stream.destroy(new Error("no answer in time")), patienceMs);
    stream.on("response", (headers) => {
      status = Number(headers[":status"]);
      detail = String(headers["x-backend"] ?? "");
    });
    stream.on("error", (error) => {
      [status, detail] = [0, error.message];
    });
    stream.on("close", () => {
      clearTimeout(timer);
      answered(status, detail);
    });
    stream.resume();
  }

  #sessionAt(index: number): ClientHttp2Session {
    const present = this.#sessions[index];
    if (present !== undefined && !present.closed && !present.destroyed) return present;
    this.opened += 1;
    const { address, port, authority } = this.#target;
    const session = connectHttp2(`${authority === undefined ? "http" : "https"}://${address}:${port}`, {
      createConnection: () => this.#socket(["h2"]),
    });
    // Its streams tell.
    session.on("error", () => {});
    this.#sessions[index] = session;
    return session;
  }

  #socket(protocols: string[]): Socket {
    const { address: host, port, authority, host: servername } = this.#target;
    if (authority === undefined) return connectTcp({ host, port, noDelay: true });
    return connectTls({ host, port, ca: authority, servername, ALPNProtocols: protocols });
  }
}

/** One HTTP/1.1 connection, one request at a time. */
class Http1Client {
  readonly #socket: Socket;
  #answered: Answered | undefined;
  #text = "";
  #timer: NodeJS.Timeout | undefined;
  isOpen = true;

  constructor(socket: Socket, onClose: () => void) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#read(text));
    const close = (reason: string) => {
      this.isOpen = false;
      onClose();
      this.#finish(0, reason);
    };
    socket.on("error", (error) => close(error.message));
    socket.on("close", () => close("the connection was closed without an answer"));
  }

  send({ path, host }: LoadTarget, answered: Answered): void {
    this.#answered = answered;
    this.#text = "";
    this.#timer = setTimeout(() => this.#socket.destroy(new Error("no answer in time")), patienceMs);
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, "latin1");
  }

  #read(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#text.slice(0, end);
    if (!this.#isWhole(head, end + 4)) return;
    const status = Number(head.slice(9, 12));
    // A proxy that lets go of a connection says so: the client opens another one.
    if (/\r\nconnection: close/i.test(head)) {
      this.isOpen = false;
      this.#socket.end();
    }
    this.#finish(status, /\r\nx-backend: ([^\r]*)/i.exec(head)?.[1] ?? "");
  }

  #isWhole(head: string, bodyAt: number): boolean {
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length !== undefined) return this.#text.length >= bodyAt + Number(length);
    return !/\r\ntransfer-encoding: chunked/i.test(head) || this.#text.endsWith("0\r\n\r\n");
  }

  #finish(status: number, detail: string): void {
    clearTimeout(this.#timer);
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(status, detail);
  }
}
