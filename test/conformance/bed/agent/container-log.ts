import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { Socket } from "node:net";

/** What a reader of a log asks for. */
export interface LogQuery {
  readonly tailLines?: number;
  /** Lines before this moment, in milliseconds since 1970, are left out. */
  readonly since?: number;
  readonly limitBytes?: number;
  readonly timestamps: boolean;
}

/** The output of one run of a container, on disk: each line behind the time at which it came. */
export class ContainerLog {
  readonly path: string;
  readonly #file: number;
  #rest = "";
  #closed = false;
  readonly #listeners = new Set<(line: string | undefined) => void>();

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "a");
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Takes a piece of output. */
  append(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    if (lines.length > 0) this.#write(lines);
  }

  /** Ends the log, with a last line that had no end. */
  close(): void {
    if (this.#closed) return;
    if (this.#rest !== "") this.#write([this.#rest]);
    this.#closed = true;
    closeSync(this.#file);
    for (const listener of this.#listeners) listener(undefined);
    this.#listeners.clear();
  }

  /** Tells every line that comes from now on, then undefined. The answer stops that. */
  follow(listener: (line: string | undefined) => void): () => void {
    if (this.#closed) listener(undefined);
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #write(lines: readonly string[]): void {
    const time = new Date().toISOString().replace("Z", "000000Z");
    const stamped = lines.map((line) => `${time} ${line}\n`);
    writeSync(this.#file, stamped.join(""));
    for (const line of stamped) for (const listener of this.#listeners) listener(line);
  }
}

/** Opens a named pipe for reading before anybody writes to it, and appends what comes to a log, which it closes at the end. */
export function readPipe(pipe: string, log: ContainerLog): Socket {
  const fd = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.setEncoding("utf8");
  socket.on("data", (chunk) => log.append(String(chunk)));
  socket.on("error", () => socket.destroy());
  socket.on("close", () => log.close());
  return socket;
}

/** Reads what a log holds so far, as a reader asked. */
export function readLog(path: string, query: LogQuery): string {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  const recent = query.since === undefined ? lines : lines.filter((line) => isSince(line, query.since ?? 0));
  const tail = query.tailLines === undefined ? recent : query.tailLines === 0 ? [] : recent.slice(-query.tailLines);
  const text = tail.map((line) => logLine(`${line}\n`, query)).join("");
  return query.limitBytes === undefined ? text : text.slice(0, query.limitBytes);
}

/** One stored line as the reader sees it. */
export function logLine(line: string, { timestamps }: LogQuery): string {
  return timestamps ? line : line.slice(line.indexOf(" ") + 1);
}

function isSince(line: string, since: number): boolean {
  return Date.parse(line.slice(0, line.indexOf(" "))) >= since;
}
