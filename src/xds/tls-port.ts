import type { Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import type { TlsMaterialSource } from "../core/tls-material.ts";
import { isIssuedBy } from "./authorities.ts";
import { secureContextOf, tlsOptions } from "./credentials.ts";
import { HandshakeLimits, handshakeMs } from "./handshake-limits.ts";
import { type ConnectionPort, Port, type PortAddress, peerOf } from "./port.ts";

/** A client that is turned away because it has not proven who it is. */
export interface UntrustedPeer {
  readonly peer: string;
  /** OpenSSL's word for what is wrong with its certificate, or what there was too much of. */
  readonly reason: string;
  /** What the certificate says it stands for; absent where none was shown. */
  readonly names?: string;
}

export interface TlsPortOptions {
  readonly material: TlsMaterialSource;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** What open connections need when other authorities are trusted: nothing where certificates are accepted one by one. */
  readonly openNeed: "a trusted authority" | "nothing";
  readonly onUntrusted: (peer: UntrustedPeer) => void;
  /** Told when new material cannot be used. */
  readonly onUnusable: (problem: string) => void;
}

/**
 * A port for mutual TLS that tells which clients it did not let in. Its connections are closed one by one, because a client
 * whose stream is ended asks again on the same connection, with the certificate that it showed there, however new the one is
 * that it would show by now.
 */
export class TlsPort implements ConnectionPort {
  readonly #server: Server;
  readonly #material: TlsMaterialSource;
  readonly #openNeed: TlsPortOptions["openNeed"];
  readonly #onUntrusted: (peer: UntrustedPeer) => void;
  readonly #onUnusable: (problem: string) => void;
  readonly #proven = new Set<TLSSocket>();
  /** By peer, how to tell that its handshake is over. */
  readonly #unfinished = new Map<string, () => void>();
  readonly #limits: HandshakeLimits;
  readonly #port: Port;
  #handshakes: TlsServer | undefined;
  /** Whether there is a certificate to show; connections are dropped until then. */
  #isLoaded = false;
  #stopRenewal: (() => void) | undefined;

  constructor(server: Server, { material, clock, openNeed, onUntrusted, onUnusable }: TlsPortOptions) {
    this.#openNeed = openNeed;
    this.#limits = new HandshakeLimits(clock);
    this.#server = server;
    this.#material = material;
    this.#onUntrusted = onUntrusted;
    this.#onUnusable = onUnusable;
    this.#port = new Port((socket) => {
      if (this.#isLoaded && this.#mayBegin(socket)) this.#handshakes?.emit("connection", socket);
      else socket.destroy();
    });
  }

  async listen(address: PortAddress): Promise<number | Error> {
    try {
      this.#handshakes = this.#createHandshakes();
    } catch (error) {
      // Somebody's files hold no certificate, or no key that fits.
      return error instanceof Error ? error : new Error(String(error));
    }
    return await this.#port.listen(address);
  }

  /** The server that TLS connections are made by; it has no port of its own. What has proven who it is goes to gRPC. */
  #createHandshakes(): TlsServer {
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    const context = secureContextOf(this.#material.current());
    this.#isLoaded = context !== undefined;
    // Whoever is not authorized is turned away here and not by Node, which would not say who that was.
    const asking = {
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
      handshakeTimeout: handshakeMs,
    };
    const handshakes = createTlsServer({ ...tlsOptions, ...context, ...asking });
    handshakes.on("secureConnection", (socket) => {
      socket.on("error", () => {});
      this.#unfinished.get(peerOf(socket))?.();
      if (socket.authorized) {
        this.#proven.add(socket);
        socket.once("close", () => this.#proven.delete(socket));
        return injector.injectConnection(socket);
      }
      const names = socket.getPeerX509Certificate()?.subjectAltName?.slice(0, 300);
      this.#onUntrusted({ peer: peerOf(socket), reason: String(socket.authorizationError), ...(names && { names }) });
      return socket.destroy();
    });
    // A client that breaks off, or that speaks no TLS of ours.
    handshakes.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#stopRenewal = this.#material.onChange(() => this.#renew(handshakes));
    return handshakes;
  }

  /** Whether a connection may begin its handshake, which is counted until it is done or the connection is closed. */
  #mayBegin(socket: Socket): boolean {
    const [peer, host = ""] = [peerOf(socket), socket.remoteAddress];
    const reason = this.#limits.begin(host);
    if (reason !== undefined) {
      this.#onUntrusted({ peer, reason });
      return false;
    }
    const end = () => {
      if (this.#unfinished.delete(peer)) this.#limits.end(host);
    };
    this.#unfinished.set(peer, end);
    socket.once("close", end);
    return true;
  }

  /** Open connections stay as they are, new ones get the new. */
  #renew(handshakes: TlsServer): void {
    const context = secureContextOf(this.#material.current());
    this.#isLoaded = false;
    if (context === undefined) return;
    try {
      handshakes.setSecureContext(context);
      this.#isLoaded = true;
      if (this.#openNeed === "a trusted authority") this.#closeDistrusted(String(context.ca));
    } catch (error) {
      // Somebody has edited the Secret, and what is in it does not fit together: nobody is let in until it does.
      this.#onUnusable(error instanceof Error ? error.message : String(error));
    }
  }

  /** Who comes from an authority that is trusted no more has to show another certificate. */
  #closeDistrusted(authorities: string): void {
    for (const socket of this.#proven) {
      const certificate = socket.getPeerX509Certificate();
      if (certificate !== undefined && isIssuedBy(certificate, authorities)) continue;
      this.#onUntrusted({ peer: peerOf(socket), reason: "its authority is trusted no more" });
      this.close(peerOf(socket));
    }
  }

  close(peer: string): void {
    this.#port.close(peer);
  }

  stop(): void {
    this.#stopRenewal?.();
    this.#port.stop();
  }

  end(deadlineMs: number): Promise<void> {
    return this.#port.end(deadlineMs);
  }
}
