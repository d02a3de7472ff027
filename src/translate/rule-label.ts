/** How messages name a rule: its place in the route, and its name where it has one. */
export function ruleLabel({ name }: { readonly name?: string }, index: number): string {
  return name === undefined ? String(index) : `${index} (${name})`;
}
