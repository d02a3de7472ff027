import { createSocket } from "node:dgram";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** One question to a backend behind a Gateway, other than by HTTP. */
export interface Layer4Request {
  readonly protocol: "tcp" | "tls" | "udp" | "grpc";
  readonly address: string;
  readonly port: number;
  /** The name to ask for by TLS, or the authority of a call. */
  readonly host?: string;
  /** Certificates to trust. */
  readonly authorities?: readonly string[];
}

/** Asks once, on a connection of its own, which pod answers; never throws. */
export async function askLayer4(request: Layer4Request): Promise<Layer4Answer> {
  try {
    return { kind: "answered", pod: await within(askers[request.protocol](request)) };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

/** What came back. */
export type Layer4Answer =
  | { readonly kind: "answered"; readonly pod: string }
  | { readonly kind: "failed"; readonly message: string };

const patienceMs = 5_000;

const askers = {
  tcp: ({ address, port }) => askEcho(connectTcp(port, address)),
  tls: ({ address, port, host = "", authorities = [] }) =>
    askEcho(connectTls({ host: address, port, servername: host, ca: [...authorities] })),
  udp: askByDatagram,
  grpc: askByCall,
} satisfies Record<Layer4Request["protocol"], (request: Layer4Request) => Promise<string>>;

async function within(answer: Promise<string>): Promise<string> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no answer in ${patienceMs} ms`)), patienceMs);
  });
  return Promise.race([answer, late]);
}

/** The suite's TCP backend greets, and tells of itself in a line when it is told TEST. */
function askEcho(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const [, answer, more] = text.split("\n");
      if (answer === undefined || more === undefined) return;
      resolve(podOf(answer));
      socket.destroy();
    });
    socket.on("error", reject).on("close", () => reject(new Error("closed")));
    socket.write("TEST\n");
  });
}

function askByDatagram({ address, port }: Layer4Request): Promise<string> {
  const socket = createSocket("udp4");
  return new Promise((resolve, reject) => {
    socket.on("message", (message) => {
      resolve(podOf(message.toString("utf8")));
      socket.close();
    });
    socket.on("error", reject);
    socket.send("hello", port, address);
  });
}

/** A call without a message in it; the answer's strings are enough to see who gave it. */
function askByCall({ address, port, host }: Layer4Request): Promise<string> {
  const session = connectHttp2(`http://${address}:${port}`);
  return new Promise<string>((resolve, reject) => {
    session.on("error", reject);
    const headers = { "content-type": "application/grpc", te: "trailers", ...(host && { ":authority": host }) };
    const call = session.request({ ":method": "POST", ":path": echoMethod, ...headers });
    let body = "";
    let status: unknown;
    call.on("response", (answered) => {
      status = answered["grpc-status"];
    });
    call.on("trailers", (trailers) => {
      status = trailers["grpc-status"];
    });
    call.setEncoding("latin1").on("data", (chunk: string) => {
      body += chunk;
    });
    call.on("error", reject).on("end", () => {
      // The ends of pods' names have no vowels, and names of headers do.
      const [pod] = /[a-z]+-[b-df-hj-np-tv-z2-9]{6,10}-[b-df-hj-np-tv-z2-9]{5}(?![a-z0-9-])/.exec(body) ?? [];
      if (String(status) === "0" && pod !== undefined) resolve(pod);
      else reject(new Error(`gRPC status ${status}`));
    });
    // One message of no bytes, not compressed.
    call.end(Buffer.alloc(5));
  }).finally(() => session.destroy());
}

const echoMethod = "/gateway_api_conformance.echo_basic.grpcecho.GrpcEcho/Echo";

function podOf(answer: string): string {
  // The suite's backends say so.
  return (JSON.parse(answer) as { readonly pod: string }).pod;
}
