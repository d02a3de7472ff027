import { connect as connectHttp2 } from "node:http2";
import { createServer } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { encodeMessage } from "../../../proto/messages.ts";
import { typeUrls } from "../../../src/core/xds-resource.ts";
import { defaultFleet, serverName } from "../../xds/fleet-identities.ts";

/** A request for all clusters as one message of gRPC. */
export function requestMessage(nodeId: string): Buffer {
  const message = encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", {
    node: { id: nodeId, cluster: defaultFleet.gateway, userAgentName: "envoy" },
    typeUrl: typeUrls.cluster,
    resourceNamesSubscribe: ["*", "httproute/team-1/service-1/backend"],
    initialResourceVersions: { "httproute/team-1/service-1/backend": "0123456789abcdef" },
    responseNonce: "1-1",
    errorDetail: { code: 13, message: "no such thing" },
  });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The frames of HTTP/2 that a client sends for a request: the first begins with the preface. */
export async function requestFrames(nodeId: string): Promise<readonly Buffer[]> {
  const sent: Buffer[] = [];
  const wire = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _, done) => {
      sent.push(bytes);
      done();
    },
  });
  const session = connectHttp2("http://localhost", { createConnection: () => wire });
  session.on("error", () => {});
  const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => {});
  stream.write(requestMessage(nodeId));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  session.destroy();
  return cut(Buffer.concat(sent));
}

/** The first bytes that a client of TLS sends. */
export async function clientHello(): Promise<Buffer> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const hello = new Promise<Buffer>((resolve) => {
    listener.once("connection", (socket) =>
      socket.once("data", (bytes) => {
        resolve(bytes);
        socket.destroy();
      }),
    );
  });
  const client = connectTls({ host: "127.0.0.1", port, servername: serverName, ALPNProtocols: ["h2"] });
  client.on("error", () => {});
  const bytes = await hello;
  client.destroy();
  listener.close();
  return bytes;
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length;

function cut(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  let from = 0;
  for (let at = preface; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    frames.push(bytes.subarray(from, end));
    from = end;
    at = end;
  }
  return frames;
}
