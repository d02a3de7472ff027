/**
 * One spelling for each amount: the API server turns `1000m` into `1`, and what it turned is no drift. Anything that is no
 * quantity comes back as it is. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function canonicalQuantity(text: unknown): unknown {
  if (typeof text === "number") return canonicalQuantity(`${text}`);
  if (typeof text !== "string") return text;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = form.exec(text) ?? [];
  const unit = unitOf(suffix);
  if (whole + fraction === "" || unit === undefined) return text;
  const nano = (BigInt(whole + fraction) * unit) / 10n ** BigInt(fraction.length);
  return `${sign === "-" ? -nano : nano}n`;
}

const form = /^([+-]?)([0-9]{0,20})(?:\.([0-9]{0,20}))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$/;

const thousands: ReadonlyMap<string, bigint> = new Map(
  ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"].map((suffix, index) => [suffix, 1000n ** BigInt(index)]),
);
const one = 1_000_000_000n;
const binary: ReadonlyMap<string, bigint> = new Map(
  ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].map((suffix, index) => [suffix, one * 1024n ** BigInt(index + 1)]),
);

/** How many billionths a suffix stands for. */
function unitOf(suffix: string): bigint | undefined {
  if (!/^[eE]./.test(suffix)) return thousands.get(suffix) ?? binary.get(suffix);
  const exponent = Number(suffix.slice(1)) + 9;
  return exponent < 0 ? 0n : 10n ** BigInt(exponent);
}
