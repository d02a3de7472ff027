import { createServer } from "node:net";

/** The port of every 127.a.b.c that says the address is taken: above the ephemeral range, below the end. */
const guardPort = 65_530;

/**
 * Gives each caller a loopback address of its own, for as long as this process lives, so that tests that run side by side
 * may bind the ports that their Gateways name.
 */
export async function freeLoopbackAddress(): Promise<string> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const address = `127.${part(1, 254)}.${part(0, 255)}.${part(1, 254)}`;
    if (await claim(address)) return address;
  }
  throw new Error("no loopback address is free");
}

function part(low: number, high: number): number {
  return low + Math.floor(Math.random() * (high - low + 1));
}

function claim(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const guard = createServer();
    guard.once("error", () => resolve(false));
    guard.listen(guardPort, address, () => resolve(true));
    guard.unref();
  });
}
