/** The route and rule that served a request, as the proxy's access log names them. */
export interface ServedBy {
  /** `namespace/name` of the HTTPRoute. */
  readonly route: string;
  readonly rule: number;
}

const routeName = /httproute\/(?<route>[^/\s"]+\/[^/\s"]+)\/rule\/(?<rule>\d+)/;

/** Reads `%ROUTE_NAME%` out of an access log line; undefined when the request met no route. */
export function parseServedBy(line: string): ServedBy | undefined {
  const groups = routeName.exec(line)?.groups;
  if (groups === undefined) return undefined;
  return { route: groups["route"] ?? "", rule: Number(groups["rule"]) };
}
