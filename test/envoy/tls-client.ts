import { connect, type TLSSocket } from "node:tls";
import type { EchoedRequest } from "../support/backend.ts";
import type { IssuedCertificate } from "../support/certificates.ts";
import { HttpReader } from "../support/http-reader.ts";

/** What a client does in a handshake. */
export interface TlsClient {
  readonly address: string;
  readonly port: number;
  readonly serverName: string;
  /** Whom it trusts. */
  readonly authority: string;
  /** What it shows of itself. */
  readonly identity?: IssuedCertificate;
  /** What it kept of a connection before. */
  readonly session?: Buffer;
  readonly version?: "TLSv1.2" | "TLSv1.3";
  readonly ciphers?: string;
  readonly headers?: readonly string[];
}

/** What became of one request. */
export interface TlsOutcome {
  /** The HTTP status; absent where the connection ended without an answer. */
  readonly status?: number;
  readonly seen?: EchoedRequest;
  readonly headers?: ReadonlyMap<string, readonly string[]>;
  readonly isResumed: boolean;
  /** By which a later connection may be resumed. */
  readonly session?: Buffer;
  readonly protocol?: string | null;
  readonly cipher?: string;
}

/**
 * Sends one HTTP/1.1 request over TLS. With TLS 1.3 a client has shaken hands before the server has looked at its
 * certificate: only an answer says that it was let in.
 */
export function askOverTls(client: TlsClient): Promise<TlsOutcome> {
  const { address: host, port, serverName: servername, authority, identity, version, session, ciphers } = client;
  return new Promise((resolve) => {
    let latest: Buffer | undefined;
    const socket: TLSSocket = connect({
      host,
      port,
      servername,
      ca: authority,
      ALPNProtocols: ["http/1.1"],
      ...(identity && { cert: identity.certificatePem, key: identity.keyPem }),
      ...(version && { minVersion: version, maxVersion: version }),
      ...(session && { session }),
      ...(ciphers !== undefined && { ciphers }),
    });
    const end = (rest: Omit<TlsOutcome, "isResumed">) => {
      const isResumed = socket.isSessionReused();
      socket.destroy();
      resolve({ ...rest, isResumed, ...(latest && { session: latest }) });
    };
    socket.on("session", (ticket) => {
      latest = ticket;
    });
    socket.once("error", () => end({}));
    socket.once("close", () => end({}));
    socket.once("secureConnect", () => {
      const lines = ["GET / HTTP/1.1", `Host: ${servername}`, ...(client.headers ?? [])];
      socket.write(`${lines.join("\r\n")}\r\n\r\n`);
      const protocol = socket.getProtocol();
      const cipher = socket.getCipher().name;
      new HttpReader(socket).read("GET").then(
        ({ status, headers, body }) => end({ status, headers, protocol, cipher, ...echoOf(body) }),
        () => end({}),
      );
    });
  });
}

function echoOf(body: string): Pick<TlsOutcome, "seen"> {
  return body.startsWith("{") ? { seen: JSON.parse(body) as EchoedRequest } : {}; // an echo backend wrote it
}
