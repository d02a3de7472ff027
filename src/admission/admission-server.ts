import { hash, timingSafeEqual } from "node:crypto";
import { createServer, type Server } from "node:https";
import { fastify } from "fastify";
import type { TlsMaterialSource } from "../core/tls-material.ts";
import type { AnswerOptions } from "./answer-review.ts";
import { addReviewEndpoint, reviewServerOptions } from "./review-endpoint.ts";

export interface AdmissionServerOptions extends AnswerOptions {
  /** The certificate that is shown; connections are refused until there is one. */
  readonly material: TlsMaterialSource;
  /** The end of the path by which the API server is known; nobody is answered before there is one. */
  readonly token: () => string | undefined;
}

/** Answers the API server on `POST /validate/TOKEN`, by TLS. */
export interface AdmissionServer {
  /** Resolves with the port that was taken; fails in words when it cannot be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Lets what is under way end. */
  stop(): Promise<void>;
}

/** Makes the server. A new certificate counts from the next connection on. */
export function createAdmissionServer(options: AdmissionServerOptions): AdmissionServer {
  const { material, log } = options;
  const server = fastify<Server>({
    ...reviewServerOptions,
    serverFactory: (handler) => createServer({ minVersion: "TLSv1.3", handshakeTimeout: 5_000 }, handler),
  });
  const useMaterial = () => {
    const current = material.current();
    if (current === undefined) return;
    try {
      server.server.setSecureContext({ cert: current.cert, key: current.key, minVersion: "TLSv1.3" });
    } catch (error) {
      // Somebody has edited the Secret; what was shown before is shown on.
      log.warn({ err: error }, "the webhook cannot use its new certificate");
    }
  };
  useMaterial();
  const stopRenewal = material.onChange(useMaterial);
  addReviewEndpoint(
    server,
    {
      path: "/validate/:token",
      // The path has this one parameter.
      isKnown: ({ params }) => isSame((params as { readonly token: string }).token, options.token()),
    },
    options,
  );
  return {
    listen: async (address) => {
      await server.listen(address);
      const bound = server.server.address();
      return typeof bound === "object" && bound !== null ? bound.port : address.port;
    },
    stop: async () => {
      stopRenewal();
      await server.close();
    },
  };
}

/** How long it takes tells nothing about the token. */
function isSame(given: string, token: string | undefined): boolean {
  return token !== undefined && timingSafeEqual(hash("sha256", given, "buffer"), hash("sha256", token, "buffer"));
}
