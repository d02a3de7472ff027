/** What is asked of a proxy, and who must answer. */

export interface TenantRequest {
  readonly port: 80 | 443 | 8443 | 6443 | 9300 | 8082 | 9400;
  readonly host: string;
  readonly path: string;
  /** The server name of TLS; the plain hostname unless told. */
  readonly sni?: string;
  /** Namespace of the backend; absent: nobody's, 404. */
  readonly answeredBy?: string;
}

interface Site {
  readonly host: string;
  readonly ports: readonly TenantRequest["port"][];
  /** Who answers which path. */
  readonly paths: Readonly<Record<string, string | undefined>>;
}

const sites: readonly Site[] = [
  {
    host: "api.techresolve.com",
    ports: [80, 443],
    paths: { "/": "ns-api", "/v1/users": "ns-api", "/v1/%75sers": "ns-api" },
  },
  { host: "any.wild.example.com", ports: [80, 443], paths: { "/": "ns-wild" } },
  { host: "deep.er.wild.example.com", ports: [80, 443], paths: { "/": "ns-wild" } },
  { host: "bank.teams.example.com", ports: [80], paths: { "/": "ns-bank", "/login": "ns-bank" } },
  { host: "bank.apps.example.com", ports: [443], paths: { "/": "ns-bank", "/login": "ns-bank" } },
  {
    host: "shared.example.com",
    ports: [80],
    paths: {
      "/careers": "ns-careers",
      "/careers/": "ns-careers",
      "/careers/open/1?q=2": "ns-careers",
      "/%63areers": "ns-careers",
      "/product": "ns-product",
      "/product/x": "ns-product",
      "/status": "ns-product",
    },
  },
  { host: "x.pool.example.com", ports: [80], paths: { "/pool": "ns-pool", "/pool/a": "ns-pool" } },
  {
    host: "nobody.example.org",
    ports: [80],
    paths: { "/site/careers": "ns-careers", "/site/careers/a": "ns-careers" },
  },
  { host: "granted.example.com", ports: [80, 443], paths: { "/": "ns-granted", "/a/b": "ns-granted" } },
  { host: "manual.example.com", ports: [80, 443], paths: { "/docs/a": "ns-docs", "/docs": "ns-docs", "/": "ns-web" } },
  { host: "parts.example.com", ports: [80, 443], paths: { "/": "ns-parts" } },
  { host: "store.example.net", ports: [80, 443, 8443], paths: { "/": "ns-store", "/checkout": "ns-store" } },
  { host: "vault.example.com", ports: [6443], paths: { "/": "ns-vault" } },
  { host: "whatever.example.org", ports: [9300], paths: { "/": "ns-db" } },
  { host: "any.example.org", ports: [8082, 9400], paths: { "/": "ns-store" } },
  { host: "open.example.net", ports: [80], paths: { "/desk": "ns-store", "/desk/1": "ns-store" } },
];

/** Each host and path as it is written. */
export const plainRequests: readonly TenantRequest[] = sites.flatMap(({ host, ports, paths }) =>
  ports.flatMap((port) => Object.entries(paths).map(([path, answeredBy]) => request({ port, host, path }, answeredBy))),
);

/** One of each tenant, and all where tenants share; over TLS one of each kind of listener. */
export const exposedRequests: readonly TenantRequest[] = [
  ...plainRequests.filter(({ port }) => port === 80),
  ...[
    "api.techresolve.com:443",
    "bank.apps.example.com:443",
    "store.example.net:443",
    "store.example.net:8443",
    "vault.example.com:6443",
    "whatever.example.org:9300",
    "any.example.org:8082",
    "any.example.org:9400",
  ].flatMap((place) => plainRequests.find(({ host, port }) => `${host}:${port}` === place) ?? []),
];

/** What is asked while proxies change: one of each tenant. */
export const meanwhileRequests: readonly TenantRequest[] = plainRequests.filter(
  ({ port, answeredBy }, index) =>
    port === 80 && plainRequests.findIndex((other) => other.port === 80 && other.answeredBy === answeredBy) === index,
);

/** The same in every spelling that means the same host. */
export const spelledRequests: readonly TenantRequest[] = plainRequests.flatMap((plain) =>
  spellings(plain).map((host) => ({ ...plain, host, sni: plain.host })),
);

function request(asked: Omit<TenantRequest, "answeredBy">, answeredBy: string | undefined): TenantRequest {
  return { ...asked, ...(answeredBy !== undefined && { answeredBy }) };
}

function spellings({ host, port }: TenantRequest): readonly string[] {
  return [
    host.toUpperCase(),
    `${host}.`,
    `${host}:${port}`,
    `${host.slice(0, 1).toUpperCase()}${host.slice(1)}.:${port}`,
  ];
}
