import { createServer, type Socket } from "node:net";
import type { Server, ServerCredentials } from "@grpc/grpc-js";

/** Where a port is opened. */
export interface PortAddress {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/**
 * A port whose connections can be closed one by one, which grpc-js offers no way to do for ports that it opens itself. It is
 * needed because a client whose stream is ended asks again on the same connection, with the certificate that it showed
 * there, however new the one is that it would show by now.
 */
export class TlsPort {
  readonly #server: Server;
  readonly #credentials: ServerCredentials;
  readonly #sockets = new Set<Socket>();
  readonly #closing = new Set<NodeJS.Timeout>();
  readonly #listener = createServer({ noDelay: true });

  constructor(server: Server, credentials: ServerCredentials) {
    this.#server = server;
    this.#credentials = credentials;
  }

  /** Resolves with the port that was taken, or with why none was. */
  async listen({ host, port }: PortAddress): Promise<number | Error> {
    let injector: ReturnType<Server["createConnectionInjector"]>;
    try {
      injector = this.#server.createConnectionInjector(this.#credentials);
    } catch (error) {
      // Somebody's files hold no certificate, or no key that fits.
      return error instanceof Error ? error : new Error(String(error));
    }
    this.#listener.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      // A client that resets its connection is no event: its streams end.
      socket.on("error", () => {});
      injector.injectConnection(socket);
    });
    return await new Promise((resolve) => {
      this.#listener.once("error", resolve);
      this.#listener.listen({ host, port }, () => {
        const address = this.#listener.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** Closes the connection of a peer, once it has had time to read why. */
  close(peer: string): void {
    const socket = [...this.#sockets].find((one) => peerOf(one) === peer);
    if (socket === undefined) return;
    const timer = setTimeout(() => {
      this.#closing.delete(timer);
      socket.destroy();
    }, farewellMs);
    this.#closing.add(timer);
  }

  /** Takes no new connection; the open ones stay. */
  stop(): void {
    this.#listener.close();
  }

  /** Closes every connection that is still open, whatever it is about. */
  destroy(): void {
    for (const timer of this.#closing) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }
}

const farewellMs = 100;

/** As grpc-js names it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
