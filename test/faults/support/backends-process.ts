/** The program of {@link startBackends}: the least that a proxy takes for an HTTP/1.1 server. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

const count = Number(process.argv[2]);
const lastSeen = new Map<string, number>();

function serve(socket: Socket): void {
  const address = socket.localAddress ?? "";
  const answer = `HTTP/1.1 200 OK\r\nx-backend: ${address}\r\ncontent-length: 3\r\n\r\nok\n`;
  let text = "";
  socket.setEncoding("latin1").setNoDelay(true);
  socket.on("data", (chunk: string) => {
    const requests = (text + chunk).split("\r\n\r\n");
    text = requests.pop() ?? "";
    for (const request of requests) {
      const host = /\r\nhost: ([^\r]*)/i.exec(request)?.[1] ?? "";
      lastSeen.set(`${host} ${address}`, Date.now());
    }
    socket.write(answer.repeat(requests.length));
  });
  socket.on("error", () => socket.destroy());
}

/** A second octet of its own keeps processes that run side by side apart. */
async function listenOnAll(): Promise<void> {
  const network = `127.${100 + Math.floor(Math.random() * 100)}.${Math.floor(Math.random() * 200)}`;
  const addresses: string[] = [];
  let port = 0;
  for (let index = 0; index < count; index += 1) {
    const [, second, third] = network.split(".").map(Number);
    const address = `127.${second}.${(third ?? 0) + Math.floor(index / 254)}.${(index % 254) + 1}`;
    const server = createServer(serve);
    server.listen({ host: address, port, backlog: 1024 });
    await once(server, "listening");
    port = (server.address() as AddressInfo).port; // a TCP server that listens has a port
    addresses.push(address);
  }
  process.on("message", () => process.send?.([...lastSeen]));
  process.send?.({ addresses, port });
}

process.on("disconnect", () => process.exit());
await listenOnAll();
