import { createServer, type Socket } from "node:net";

/** Where a port is opened. */
export interface PortAddress {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** What the server needs of a port, whatever is spoken on it. */
export interface ConnectionPort {
  /** Resolves with the port that was taken, or with why none was. */
  listen(address: PortAddress): Promise<number | Error>;
  /** Closes the connection of a peer, once it has had time to read why. */
  close(peer: string): void;
  /** Takes no new connection; the open ones stay. */
  stop(): void;
  /** Resolves once no connection is open any more, or after so long; then it closes those that are. */
  end(deadlineMs: number): Promise<void>;
}

/**
 * A port that closes its connections one by one, which grpc-js has no way to do for ports that it opens itself. A client that
 * reads nothing does not read that its stream is over either: what it was sent stays in our memory until its connection goes.
 */
export class Port implements ConnectionPort {
  readonly #sockets = new Map<string, Socket>();
  readonly #closing = new Set<NodeJS.Timeout>();
  readonly #listener = createServer({ noDelay: true });

  constructor(onConnection: (socket: Socket) => void) {
    this.#listener.on("connection", (socket: Socket) => {
      const peer = peerOf(socket);
      this.#sockets.set(peer, socket);
      socket.once("close", () => this.#sockets.delete(peer));
      // A client that resets its connection is no event: its streams end.
      socket.on("error", () => {});
      onConnection(socket);
    });
  }

  async listen({ host, port }: PortAddress): Promise<number | Error> {
    return await new Promise((resolve) => {
      this.#listener.once("error", resolve);
      this.#listener.listen({ host, port }, () => {
        const address = this.#listener.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  close(peer: string): void {
    const socket = this.#sockets.get(peer);
    if (socket === undefined) return;
    const timer = setTimeout(() => {
      this.#closing.delete(timer);
      socket.destroy();
    }, farewellMs);
    this.#closing.add(timer);
  }

  stop(): void {
    this.#listener.close();
  }

  async end(deadlineMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(resolve, deadlineMs);
      const look = () => {
        if (this.#sockets.size > 0) return;
        clearTimeout(deadline);
        resolve();
      };
      for (const socket of this.#sockets.values()) socket.once("close", look);
      look();
    });
    for (const timer of this.#closing) clearTimeout(timer);
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

const farewellMs = 100;

/** As grpc-js names it. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
