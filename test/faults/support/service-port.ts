import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** One port in front of several replicas, as a Service has it: each connection goes to one of those there are. */
export interface ServicePort {
  readonly port: number;
  /** When each connection was opened, by the process's clock. */
  readonly opened: number[];
  /** The ports of the replicas that get new connections from now on; open ones stay. */
  lead(ports: readonly number[]): void;
  stop(): Promise<void>;
}

/** Opens one on loopback. */
export async function openServicePort(): Promise<ServicePort> {
  const opened: number[] = [];
  const sockets = new Set<Socket>();
  let targets: readonly number[] = [];
  const server = createServer((client) => {
    const target = targets[opened.length % targets.length];
    opened.push(performance.now());
    if (target === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    opened,
    lead: (ports) => {
      targets = ports;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The most that came within one second. */
export function mostInASecond(times: readonly number[]): number {
  return times.reduce(
    (most, time) => Math.max(most, times.filter((each) => each >= time && each < time + 1_000).length),
    0,
  );
}
