/** The program of {@link startNoise}. */
import { connect as connectHttp2, constants as http2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { constants, setPriority } from "node:os";
import type { NoiseOptions, NoiseTotals } from "./noise.ts";

// Clients have machines of their own: here they take all that the proxy and the other tenant leave of one.
setPriority(constants.priority.PRIORITY_LOW);

const options = JSON.parse(process.argv[2] ?? "{}") as NoiseOptions; // given by our own program
const { address, port, host, protocol, connections, streams = 1, bodyBytes = 0, patienceMs } = options;
const statuses = new Map<string, number>();
const body = Buffer.alloc(Math.min(bodyBytes, 65_536), "x");
let [asked, closed, givenUp, bytes] = [0, 0, 0, 0];

const head =
  bodyBytes === 0
    ? `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`
    : `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${bodyBytes}\r\n\r\n`;

function count(status: string): void {
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}

/** Patience is not the same for everybody. */
function waitFor(giveUp: () => void): NodeJS.Timeout | undefined {
  if (patienceMs === undefined) return undefined;
  return setTimeout(
    () => {
      givenUp += 1;
      giveUp();
    },
    patienceMs * (0.5 + Math.random()),
  );
}

function openHttp1(): void {
  const socket = connectTcp({ host: address, port, noDelay: true });
  let left = 0;
  const write = () => {
    while (left > 0) {
      const chunk = left < body.length ? body.subarray(0, left) : body;
      left -= chunk.length;
      bytes += chunk.length;
      if (!socket.write(chunk)) return;
    }
  };
  let patience: NodeJS.Timeout | undefined;
  const ask = () => {
    asked += 1;
    left = bodyBytes;
    socket.write(head, "latin1");
    write();
    patience = waitFor(() => socket.destroy());
  };
  socket.setEncoding("latin1");
  socket.on("connect", ask);
  socket.on("drain", write);
  socket.on("data", (text: string) => {
    if (!text.startsWith("HTTP/1.1 ")) return;
    count(text.slice(9, 12));
    clearTimeout(patience);
    // Who is answered before it has sent its body cannot use the connection any more.
    if (left > 0 || /\r\nconnection: close/i.test(text)) socket.destroy();
    else ask();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    closed += 1;
    clearTimeout(patience);
    setTimeout(openHttp1, 100);
  });
}

function openHttp2(): void {
  const session = connectHttp2(`http://${address}:${port}`);
  const ask = () => {
    if (session.destroyed || session.closed) return;
    asked += 1;
    const method = bodyBytes === 0 ? "GET" : "POST";
    const stream = session.request(
      { ":path": "/", ":authority": host, ":method": method },
      { endStream: bodyBytes === 0 },
    );
    stream.on("response", (headers) => count(String(headers[":status"])));
    stream.on("error", () => count("reset"));
    const patience = waitFor(() => stream.close(http2.NGHTTP2_CANCEL));
    stream.on("close", () => {
      clearTimeout(patience);
      ask();
    });
    stream.resume();
    let left = bodyBytes;
    const write = () => {
      while (left > 0 && !stream.destroyed) {
        const chunk = left < body.length ? body.subarray(0, left) : body;
        left -= chunk.length;
        bytes += chunk.length;
        if (left === 0) stream.end(chunk);
        else if (!stream.write(chunk)) return;
      }
    };
    stream.on("drain", write);
    write();
  };
  session.on("connect", () => {
    for (let stream = 0; stream < streams; stream += 1) ask();
  });
  session.on("error", () => {});
  session.on("close", () => {
    closed += 1;
    setTimeout(openHttp2, 100);
  });
}

process.on("message", () => {
  const totals: NoiseTotals = { asked, givenUp, closed, bytes, statuses: Object.fromEntries(statuses) };
  process.send?.(totals);
});
process.on("disconnect", () => process.exit());
for (let index = 0; index < connections; index += 1) (protocol === "http1" ? openHttp1 : openHttp2)();
process.send?.("ready");
