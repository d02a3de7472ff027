import { createServer, type Server } from "node:net";

/** A block of 256 loopback addresses that belongs to this run alone, so that several runs do not meet. */
export interface AddressBlock {
  /** The first three numbers with a dot behind: `127.83.41.`. */
  readonly prefix: string;
  /** Puts an address of the examples, `127.0.0.N`, into the block. */
  place(address: string): string;
  /** The same for every address in a text. */
  placeAll(text: string): string;
  release(): Promise<void>;
}

const guardPort = 61_127;
const attempts = 64;

/** Claims a block. A guard port on its last address stays open as long as it is in use. */
export async function claimAddressBlock(seed: number): Promise<AddressBlock> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const number = (seed * 7 + attempt * 131) % (32 * 250);
    const prefix = `127.${96 + Math.floor(number / 250)}.${1 + (number % 250)}.`;
    const guard = await listen(`${prefix}254`);
    if (guard !== undefined) return addressBlock(prefix, guard);
  }
  throw new Error(`no free block of loopback addresses found in ${attempts} attempts`);
}

function addressBlock(prefix: string, guard: Server): AddressBlock {
  const placeAll = (text: string): string => text.replace(/\b127\.0\.0\.(?=\d)/g, prefix);
  return {
    prefix,
    place: placeAll,
    placeAll,
    release: () => new Promise((resolve) => guard.close(() => resolve())),
  };
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ host: address, port: guardPort, exclusive: true }, () => resolve(server));
  });
}
