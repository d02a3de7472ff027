/** Puts an entry at the end of a map of bounded size. Gives what was put longest ago when it is forgotten for that. */
export function keepNewest<V>(
  map: Map<string, V>,
  { key, value, most }: { readonly key: string; readonly value: V; readonly most: number },
): V | undefined {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return undefined;
  for (const [oldest, forgotten] of map) {
    map.delete(oldest);
    return forgotten;
  }
  return undefined;
}
