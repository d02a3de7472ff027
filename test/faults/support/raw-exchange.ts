import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type ClientRequest, type ClientResponse, sendHttp2 } from "../../support/client.ts";
import { HttpReader } from "../../support/http-reader.ts";

/** Where to, and how where TLS is spoken. */
export interface Place {
  readonly address: string;
  readonly port: number;
  readonly tls?: { readonly serverName: string; readonly authority: string };
}

/** Sends bytes over a connection of their own and reads one answer; undefined where the proxy closes it without any. */
export async function exchange(place: Place, bytes: string): Promise<ClientResponse | undefined> {
  const socket = await open(place);
  const timer = setTimeout(() => socket.destroy(), 10_000);
  const reader = new HttpReader(socket);
  socket.write(bytes, "latin1");
  const answer = await reader.read("GET").catch(() => undefined);
  clearTimeout(timer);
  socket.destroy();
  return answer;
}

/** The same for so many answers, and for more where they come within a quarter of a second. */
export async function exchangeAll(place: Place, bytes: string, answers: number): Promise<readonly ClientResponse[]> {
  const socket = await open(place);
  const end = () => socket.destroy();
  let timer = setTimeout(end, 10_000);
  try {
    const reader = new HttpReader(socket);
    socket.write(bytes, "latin1");
    const received: ClientResponse[] = [];
    for (;;) {
      const answer = await reader.read("GET").catch(() => undefined);
      if (answer === undefined) return received;
      received.push(answer);
      if (received.length < answers) continue;
      clearTimeout(timer);
      timer = setTimeout(end, 250);
    }
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Sends one HTTP/2 request; undefined where the proxy ends the stream, "unsayable" where our own client refuses to say it. */
export async function exchangeHttp2(
  place: Place,
  request: Pick<ClientRequest, "host" | "path" | "headers">,
): Promise<ClientResponse | undefined | "unsayable"> {
  try {
    return await sendHttp2(place, request);
  } catch (error) {
    // Node's errors have codes.
    const { code = "" } = error as { readonly code?: string };
    if (code === "ERR_HTTP2_STREAM_ERROR") return undefined;
    if (code.startsWith("ERR_")) return "unsayable";
    throw new Error(`${JSON.stringify(request)} over HTTP/2`, { cause: error });
  }
}

function open({ address: host, port, tls }: Place): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket =
      tls === undefined
        ? connectTcp({ host, port }, () => resolve(socket))
        : connectTls({ host, port, servername: tls.serverName, ca: tls.authority, ALPNProtocols: ["http/1.1"] }, () =>
            resolve(socket),
          );
    socket.setNoDelay(true);
    socket.once("error", reject);
  });
}
