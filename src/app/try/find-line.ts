/** A line of the access log, by the names of its fields. */
export type AccessLogLine = Readonly<Record<string, unknown>>;

/** Finds the request that carries a mark in a proxy's log; a client that writes the mark elsewhere is not taken for it. */
export function findLine(log: string, mark: string): AccessLogLine | undefined {
  for (const text of log.split("\n")) {
    if (!text.includes(mark)) continue;
    const line = parse(text);
    if (line !== undefined && line["user_agent"] === mark) return line;
  }
  return undefined;
}

function parse(text: string): AccessLogLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // An object of JSON is a record.
    return typeof value === "object" && value !== null ? (value as AccessLogLine) : undefined;
  } catch {
    // Envoy's own log goes to the same place.
    return undefined;
  }
}
