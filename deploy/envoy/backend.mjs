// A small HTTP server that says who it is, for docker-compose.yml. It needs nothing but Node.
import { createServer } from "node:http";

const { NAME: name = "backend", ADDRESS: address = "127.0.0.1", PORT: port = "8080" } = process.env;

const server = createServer((request, response) => {
  request.resume();
  const answer = { backend: name, method: request.method, path: request.url, host: request.headers.host };
  response.writeHead(200, { "content-type": "application/json" }).end(`${JSON.stringify(answer)}\n`);
});

server.listen({ host: address, port: Number(port) });
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
