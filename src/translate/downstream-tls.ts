/** How proxies end TLS for a listener: what the listener says, and what its Gateway says for its port. */
import type { DownstreamTls, Listener } from "./nodes.ts";

/** Everything that decides the handshake of one listener. */
export function downstreamTls({ hostname, secrets, clientValidation, tlsOptions }: Listener): DownstreamTls {
  return {
    hostname,
    secrets,
    ...(clientValidation && { clientValidation }),
    ...(tlsOptions && { options: tlsOptions }),
  };
}
