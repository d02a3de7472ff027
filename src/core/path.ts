/** A prefix without its trailing slash; `/` for the root. */
export function trimPath(prefix: string): string {
  const trimmed = prefix.replace(/\/+$/, "");
  return trimmed === "" ? "/" : trimmed;
}

/** Whether a path (or everything below it) lies at or below a prefix. Both trimmed. */
export function isBelow(path: string, prefix: string): boolean {
  return prefix === "/" || path === prefix || path.startsWith(`${prefix}/`);
}
