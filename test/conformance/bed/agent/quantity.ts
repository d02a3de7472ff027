const units = new Map<string, number>([
  ["", 1],
  ["n", 1e-9],
  ["u", 1e-6],
  ["m", 1e-3],
  ["k", 1e3],
  ["M", 1e6],
  ["G", 1e9],
  ["T", 1e12],
  ["Ki", 2 ** 10],
  ["Mi", 2 ** 20],
  ["Gi", 2 ** 30],
  ["Ti", 2 ** 40],
]);

/** Reads an amount of a resource such as `500m` or `64Mi`; what is no amount counts as none. */
export function parseQuantity(text: string): number {
  const [, amount, unit] = /^([0-9.]+(?:e[0-9]+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = units.get(unit ?? "");
  return amount === undefined || factor === undefined ? 0 : Number(amount) * factor;
}

/** How often a divisor fits into an amount, rounded up as the downward API does. */
export function divideQuantity(amount: string, divisor: string | undefined): string {
  const by = parseQuantity(divisor ?? "1");
  // Floating point leaves a trace such as 1.0000000000000002, which is not one more.
  return String(Math.ceil(parseQuantity(amount) / (by === 0 ? 1 : by) - 1e-9));
}
