import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** The way between a control plane and its API server: it takes connections always, and what goes over them only when it works. */
export interface ApiLink {
  readonly url: string;
  /** Takes connections and says nothing on them from now on, nor on those there are. */
  block(): void;
  /**
   * Lets everything through again: what was kept, as after a machine that stood still, or only what connects from now on,
   * as behind a load balancer that has forgotten the connections of before.
   */
  unblock(before: "kept" | "lost"): void;
  /** Those that are connected hear nothing any more, not even an end; who connects anew is served. */
  loseConnections(): void;
  stop(): Promise<void>;
}

/** Opens a way to the server at a URL. */
export async function linkTo(url: string): Promise<ApiLink> {
  const link = new Link(new URL(url));
  await link.listen();
  return link;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

class Link implements ApiLink {
  readonly #target: URL;
  readonly #server = createServer((near) => this.#accept(near));
  readonly #pairs = new Set<Pair>();
  #blocked = false;

  constructor(target: URL) {
    this.#target = target;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // it listens on TCP
  }

  block(): void {
    this.#blocked = true;
    for (const pair of this.#pairs) hold(pair);
  }

  unblock(before: "kept" | "lost"): void {
    this.#blocked = false;
    if (before === "lost") this.#forget();
    for (const pair of this.#pairs) join(pair);
  }

  loseConnections(): void {
    for (const pair of this.#pairs) hold(pair);
    this.#forget();
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { near, far } of [...this.#pairs, ...this.#lost]) {
      near.destroy();
      far.destroy();
    }
    await closed;
  }

  readonly #lost = new Set<Pair>();

  /** The server's side ends, which the other does not hear of. */
  #forget(): void {
    for (const pair of this.#pairs) {
      this.#lost.add(pair);
      pair.far.destroy();
    }
    this.#pairs.clear();
  }

  #accept(near: Socket): void {
    const far = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
    const pair = { near, far };
    this.#pairs.add(pair);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.on("close", () => this.#end(pair));
    far.on("close", () => {
      if (!this.#lost.has(pair)) near.destroy();
    });
    if (this.#blocked) hold(pair);
    else join(pair);
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    this.#lost.delete(pair);
    pair.far.destroy();
  }
}

function join({ near, far }: Pair): void {
  near.pipe(far);
  far.pipe(near);
}

function hold({ near, far }: Pair): void {
  near.unpipe(far);
  far.unpipe(near);
  // A paused socket does not notice that the other side has gone: what comes is read, and kept.
  near.pause();
  far.pause();
}
