/** The route and rule that served a request, as the proxy's access log names them. */
export interface ServedBy {
  /** `namespace/name` of the route. */
  readonly route: string;
  readonly rule: number;
}

/** Of requests, `%ROUTE_NAME%`; of connections, which have none, the fields that name the route. */
const patterns = [
  /(?:http|grpc)route\/(?<route>[^/\s"]+\/[^/\s"]+)\/rule\/(?<rule>\d+)/,
  /"namespace":"(?<namespace>[^"-][^"]*)".*"protocol":"(?:TLS|TCP)".*"route":"(?<name>[^"]+)","rule":"(?<rule>\d+)"/,
];

/** Reads who served out of an access log line; undefined when the request met no route. */
export function parseServedBy(line: string): ServedBy | undefined {
  const groups = patterns.map((pattern) => pattern.exec(line)?.groups).find((found) => found !== undefined);
  if (groups === undefined) return undefined;
  const { route = `${groups["namespace"]}/${groups["name"]}`, rule } = groups;
  return { route, rule: Number(rule) };
}
