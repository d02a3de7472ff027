/** The program of {@link startTenants}: the backend of the quiet tenant, or that of the noisy one, which does what it is told. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { constants, setPriority } from "node:os";
import type { Trouble } from "./tenants.ts";

/** As long as a service takes that asks a database. */
const quietMs = 20;
let trouble: Trouble = "none";
const noisySockets = new Set<Socket>();

/** Answers every request after the same time. */
function serveQuiet(socket: Socket): void {
  let text = "";
  socket.setEncoding("latin1").setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    const requests = (text + chunk).split("\r\n\r\n");
    text = requests.pop() ?? "";
    for (const _ of requests) setTimeout(() => answer(socket), quietMs);
  });
}

/** Its clients only ever ask anew once they are answered, so that nothing has to be parsed. */
function serveNoisy(socket: Socket): void {
  noisySockets.add(socket);
  socket.on("close", () => noisySockets.delete(socket));
  socket.on("error", () => socket.destroy());
  const { remotePort } = socket;
  switch (trouble) {
    case "none":
      socket.on("data", () => answer(socket));
      break;
    case "hangs":
      socket.resume();
      break;
    case "does not read":
      socket.pause();
      break;
    case "resets":
      socket.resume();
      setTimeout(() => socket.resetAndDestroy(), 200 + ((remotePort ?? 0) % 800));
      break;
    case "trickles":
      socket.resume();
      trickle(socket);
      break;
  }
}

function answer(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n");
}

/** A header each half second, and never the last. */
function trickle(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\n");
  const timer = setInterval(() => socket.write("x-more: yes\r\n"), 500);
  socket.once("close", () => clearInterval(timer));
}

async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer(serve);
  server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
  await once(server, "listening");
  return (server.address() as AddressInfo).port; // a TCP server that listens has a port
}

process.on("message", (told: Trouble) => {
  trouble = told;
  for (const socket of noisySockets) socket.destroy();
  process.send?.("told");
});
process.on("disconnect", () => process.exit());

// The noisy one has a machine of its own: here it takes what the proxy and the quiet one leave of one.
const isNoisy = process.argv[2] === "noisy";
if (isNoisy) setPriority(constants.priority.PRIORITY_LOW);
process.send?.(await listen(isNoisy ? serveNoisy : serveQuiet));
