/** Ends a `switch` over a discriminated union: a variant that is not handled does not compile. */
export function assertNever(value: never): never {
  throw new Error(`bug: unhandled variant ${JSON.stringify(value)}`);
}
