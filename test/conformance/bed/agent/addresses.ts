/** Hands out the addresses of pods, and takes them back. */
export interface AddressPool {
  /** The next free address, or undefined when every one is taken. */
  take(): string | undefined;
  release(address: string): void;
}

const reservedAtStart = 256;

/**
 * Makes a pool from an IPv4 prefix such as `10.244.0.0/16`. The first /24 is never handed out, nor is the last address. An
 * address that was released waits until every other one was used: nobody should find an old neighbour's pod behind it.
 */
export function addressPool(cidr: string): AddressPool {
  const [base = "", length = "0"] = cidr.split("/");
  const first = numberOf(base) + reservedAtStart;
  const end = numberOf(base) + 2 ** (32 - Number(length)) - 1;
  const released: string[] = [];
  const taken = new Set<string>();
  let next = first;
  return {
    take() {
      const address = next < end ? textOf(next++) : released.shift();
      if (address !== undefined) taken.add(address);
      return address;
    },
    release(address) {
      if (taken.delete(address)) released.push(address);
    },
  };
}

/** The hardware address that goes with a pod's address: the same for each, so that a reused one leaves no stale neighbours. */
export function hardwareAddress(address: string): string {
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return ["0a", "58", ...bytes].join(":");
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
