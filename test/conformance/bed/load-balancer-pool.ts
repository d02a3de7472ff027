/** Addresses for Services of type LoadBalancer, as a cloud would give them: each to one Service at a time. */
export interface LoadBalancerPool {
  /**
   * The address of a Service, by its uid. One that asks for an address gets that one or none; undefined also when the
   * pool is used up. A Service keeps its address for as long as it asks for nothing else.
   */
  assign(uid: string, requested: string | undefined): string | undefined;
  /** Takes over what a Service already has, so that nobody else gets it. */
  adopt(uid: string, address: string): void;
  release(uid: string): void;
}

/** Opens a pool over an IPv4 CIDR; its first and last address are nobody's. */
export function openLoadBalancerPool(cidr: string): LoadBalancerPool {
  const { first, last } = rangeOf(cidr);
  const addressOf = new Map<string, string>();
  const ownerOf = new Map<string, string>();
  const release = (uid: string): void => {
    const address = addressOf.get(uid);
    if (address !== undefined) ownerOf.delete(address);
    addressOf.delete(uid);
  };
  const adopt = (uid: string, address: string): void => {
    release(uid);
    addressOf.set(uid, address);
    ownerOf.set(address, uid);
  };
  const firstFree = (): string | undefined => {
    for (let number = first; number <= last; number++) if (!ownerOf.has(textOf(number))) return textOf(number);
    return undefined;
  };
  const isOurs = (address: string): boolean => {
    const number = numberOf(address);
    return number !== undefined && number >= first && number <= last;
  };
  return {
    adopt,
    release,
    assign(uid, requested) {
      const current = addressOf.get(uid);
      if (current !== undefined && (requested === undefined || requested === current)) return current;
      release(uid);
      const isFree = requested === undefined || (isOurs(requested) && !ownerOf.has(requested));
      const address = isFree ? (requested ?? firstFree()) : undefined;
      if (address !== undefined) adopt(uid, address);
      return address;
    },
  };
}

function rangeOf(cidr: string): { readonly first: number; readonly last: number } {
  const [address = "", length = "none"] = cidr.split("/");
  const base = numberOf(address);
  const size = 2 ** (32 - Number(length));
  if (base === undefined || !(size >= 4)) throw new Error(`bug: ${cidr} is no pool of IPv4 addresses`);
  const start = base - (base % size);
  return { first: start + 1, last: start + size - 2 };
}

function numberOf(address: string): number | undefined {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
