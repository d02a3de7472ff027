import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import type { TlsMaterialSource } from "../core/tls-material.ts";
import { secureContextOf, tlsOptions } from "./credentials.ts";

/** Where a port is opened. */
export interface PortAddress {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** A client that is turned away because it has not proven who it is. */
export interface UntrustedPeer {
  readonly peer: string;
  /** OpenSSL's word for what is wrong with its certificate. */
  readonly reason: string;
  /** What the certificate says it stands for; absent where none was shown. */
  readonly names?: string;
}

export interface TlsPortOptions {
  readonly material: TlsMaterialSource;
  readonly onUntrusted: (peer: UntrustedPeer) => void;
  /** Told when new material cannot be used. */
  readonly onUnusable: (problem: string) => void;
}

/**
 * A port for mutual TLS that closes its connections one by one and tells which clients it did not let in, both of which
 * grpc-js has no way to do for ports that it opens itself. Closing is needed because a client whose stream is ended asks
 * again on the same connection, with the certificate that it showed there, however new the one is that it would show by now.
 */
export class TlsPort {
  readonly #server: Server;
  readonly #material: TlsMaterialSource;
  readonly #onUntrusted: (peer: UntrustedPeer) => void;
  readonly #onUnusable: (problem: string) => void;
  readonly #sockets = new Set<Socket>();
  readonly #closing = new Set<NodeJS.Timeout>();
  readonly #listener = createServer({ noDelay: true });
  /** Whether there is a certificate to show; connections are dropped until then. */
  #isLoaded = false;
  #stopRenewal: (() => void) | undefined;

  constructor(server: Server, { material, onUntrusted, onUnusable }: TlsPortOptions) {
    this.#server = server;
    this.#material = material;
    this.#onUntrusted = onUntrusted;
    this.#onUnusable = onUnusable;
  }

  /** Resolves with the port that was taken, or with why none was. */
  async listen({ host, port }: PortAddress): Promise<number | Error> {
    let handshakes: TlsServer;
    try {
      handshakes = this.#createHandshakes();
    } catch (error) {
      // Somebody's files hold no certificate, or no key that fits.
      return error instanceof Error ? error : new Error(String(error));
    }
    this.#listener.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      // A client that resets its connection is no event: its streams end.
      socket.on("error", () => {});
      if (this.#isLoaded) handshakes.emit("connection", socket);
      else socket.destroy();
    });
    return await new Promise((resolve) => {
      this.#listener.once("error", resolve);
      this.#listener.listen({ host, port }, () => {
        const address = this.#listener.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** The server that TLS connections are made by; it has no port of its own. What has proven who it is goes to gRPC. */
  #createHandshakes(): TlsServer {
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    const context = secureContextOf(this.#material.current());
    this.#isLoaded = context !== undefined;
    // Whoever is not authorized is turned away here and not by Node, which would not say who that was.
    const asking = { requestCert: true, rejectUnauthorized: false, ALPNProtocols: ["h2"] };
    const handshakes = createTlsServer({ ...tlsOptions, ...context, ...asking });
    handshakes.on("secureConnection", (socket) => {
      socket.on("error", () => {});
      if (socket.authorized) return injector.injectConnection(socket);
      const names = socket.getPeerX509Certificate()?.subjectAltName?.slice(0, 300);
      this.#onUntrusted({ peer: peerOf(socket), reason: String(socket.authorizationError), ...(names && { names }) });
      return socket.destroy();
    });
    // A client that breaks off, or that speaks no TLS of ours.
    handshakes.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#stopRenewal = this.#material.onChange(() => this.#renew(handshakes));
    return handshakes;
  }

  /** Open connections stay as they are, new ones get the new. */
  #renew(handshakes: TlsServer): void {
    const context = secureContextOf(this.#material.current());
    this.#isLoaded = false;
    if (context === undefined) return;
    try {
      handshakes.setSecureContext(context);
      this.#isLoaded = true;
    } catch (error) {
      // Somebody has edited the Secret, and what is in it does not fit together: nobody is let in until it does.
      this.#onUnusable(error instanceof Error ? error.message : String(error));
    }
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
    this.#stopRenewal?.();
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
