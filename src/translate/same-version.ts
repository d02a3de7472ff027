/** Whether two printed things are the same bytes. */
export function sameVersion(a: { readonly version: string }, b: typeof a): boolean {
  return a.version === b.version;
}
