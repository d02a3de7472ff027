import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { bedNetwork } from "./layout.ts";

/**
 * Leads connections of a Unix socket to the API server. A socket in the file system can be reached from outside of the
 * bed's network namespace, which has no way in or out otherwise.
 */
export function serveApiSocket(path: string): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (outside) => {
    const inside = connect({ host: "127.0.0.1", port: bedNetwork.apiServerPort, allowHalfOpen: true });
    join(outside, inside);
    join(inside, outside);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve(server));
  });
}

function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroySoon());
}
