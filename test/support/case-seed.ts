/**
 * Where generated cases begin, for `fc.assert`: the same ones in every run, so that a test fails because of what was changed.
 * SEED=N tries others, and the long forms (`make soak`) try new ones each time.
 */
export const caseSeed: { readonly seed?: number } =
  process.env["LONG"] === "1" && process.env["SEED"] === undefined ? {} : { seed: Number(process.env["SEED"] ?? 1) };
