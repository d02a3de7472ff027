import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RequestQuestion } from "../../src/core/explanation.ts";
import { decide } from "../../src/translate/decide/decide.ts";
import type { EchoedRequest } from "../support/backend.ts";
import { type ClientResponse, header } from "../support/client.ts";
import { docTable } from "./support/doc-table.ts";
import { gatewayName, type Neighbours, ruleHeader, startNeighbours, type Tenant } from "./support/neighbours.ts";
import { ownerOf } from "./support/owner-of.ts";
import { exchange, exchangeAll, exchangeHttp2, type Place } from "./support/raw-exchange.ts";

/** The tables of docs/security.md, every row tried on a real Envoy in every combination. */
let world: Neighbours;

interface Cell {
  readonly what: string;
  readonly scheme: "http" | "https";
  readonly protocol: "http1" | "http2";
  readonly sni?: string;
  readonly host: string;
  readonly path: string;
  /** What the documentation says: a status, or who answers and what the backend sees. */
  readonly wanted: number | Forwarded | { readonly location: string };
}

/** What became of a request that reached a backend, or found no route. */
interface Forwarded {
  readonly rule: string | undefined;
  readonly host?: string;
  readonly path?: string;
}

const protocols = ["http1", "http2"] as const;
const hosts = ["shop.test", "bank.test", "a.wild.test", "bank.wild.test"] as const;
const kinds = ["exact", "prefix", "regex"] as const;
type Kind = (typeof kinds)[number];

const askedPaths: Readonly<Record<Tenant, Readonly<Record<Kind, readonly [string, string]>>>> = {
  shop: { exact: ["exact", "door"], prefix: ["app", "x"], regex: ["v1", "users"] },
  bank: { exact: ["vault", "door"], prefix: ["bank", "x"], regex: ["b1", "keys"] },
};

const pathOf = (tenant: Tenant, kind: Kind) => `/${askedPaths[tenant][kind].join("/")}`;
const neighbourOf = (tenant: Tenant): Tenant => (tenant === "shop" ? "bank" : "shop");
const tenantOf = (host: string): Tenant => (host.startsWith("bank.") ? "bank" : "shop");

describe.each(["plain", "scoped"] as const)("fault 23: with %s tables", (mode) => {
  beforeAll(async () => {
    world = await startNeighbours(mode);
  });

  afterAll(() => world.stop());

  it("a host is looked up, refused and passed on as documented, whatever its spelling", async () => {
    const cells = docTable("security.md", "Hosts").flatMap(([sent = "", outcome = "", seen = ""]) =>
      hosts.flatMap((host) => kinds.flatMap((kind) => hostCells({ sent, outcome, seen }, host, kind))),
    );
    await compare("hosts", cells);
  });

  it("a path is routed, redirected, refused and passed on as documented, whatever its spelling", async () => {
    const places = [
      ...hosts.flatMap((host) =>
        (["http", "https"] as const).map((scheme) => ({ host, scheme, tenant: tenantOf(host) })),
      ),
      { host: "any.test", scheme: "http", tenant: "shop" as const },
      { host: "any.test", scheme: "http", tenant: "bank" as const },
    ] as const;
    const cells = docTable("security.md", "Paths").flatMap(([sent = "", outcome = "", seen = ""]) =>
      places.flatMap((place) => kinds.flatMap((kind) => pathCells({ sent, outcome, seen }, { ...place, kind }))),
    );
    await compare("paths", cells);
  });

  it("bytes outside ASCII in a path of HTTP/2 are escaped before a route is looked for", async () => {
    const answer = await exchangeHttp2(placeOf({ scheme: "http" }), { host: "shop.test", path: "/app/t\u00e9" });
    if (answer === undefined || answer === "unsayable") throw new Error("no answer");
    expect(echoedBy(answer).path).toMatch(/^\/app\/t(%[0-9A-F]{2})+$/);
  });

  it("a server name other than the host reaches nobody else's route", async () => {
    const spellings = [...hosts, "any.test"].flatMap((host) => [host, host.toUpperCase(), `${host}.`, `${host}:443`]);
    const cells = hosts.flatMap((sni) =>
      spellings.flatMap((host) =>
        kinds.flatMap((kind) =>
          protocols.map((protocol): Cell => {
            const path = pathOf(tenantOf(host.toLowerCase()), kind);
            const named = host.toLowerCase().replace(/(\.|:443)$/, "");
            const isHere = sni === named || (sni.endsWith(".wild.test") && named.endsWith(".wild.test"));
            const elsewhere = named === "any.test" ? { rule: undefined } : 421;
            const wanted = isHere ? { rule: ownerOf(named, path) } : elsewhere;
            return { what: `${sni} asks for ${host}`, scheme: "https", protocol, sni, host, path, wanted };
          }),
        ),
      ),
    );
    await compare("server names", cells);
  });

  it("a message is read as documented, and no request hides in another", async () => {
    const before = backendRequests();
    const rows = docTable("security.md", "Messages");
    const place = placeOf({ scheme: "http" });
    const results = await inTurns(rows, async ([message = "", wanted = ""]) => {
      const answers = await exchangeAll(place, message, wanted.split(", ").length);
      const told = answers.map((answer) => ruleOf(answer)?.split("/")[0] ?? String(answer.status));
      return { message, wanted, told: told.join(", ") };
    });
    expect(results.filter(({ wanted, told }) => wanted !== told)).toEqual([]);
    const forwarded = results.flatMap(({ told }) => told.split(", ")).filter((who) => who === "shop" || who === "bank");
    expect(backendRequests() - before).toBe(forwarded.length);
    console.log(`fault 23: ${rows.length} messages, ${forwarded.length} requests reached a backend`);
  });

  it("a header reaches the backend, or does not, as documented", async () => {
    const rows = docTable("security.md", "Headers");
    const results = await inTurns(rows, async ([sent = "", wanted = ""]) => {
      const bytes = `GET /app/x HTTP/1.1\r\nHost: shop.test\r\n${sent}\r\n\r\n`;
      const answer = await exchange(placeOf({ scheme: "http" }), bytes);
      const [name = "", value = ""] = sent.split(": ");
      const got = answer?.status === 200 ? echoedBy(answer).headers[name] : answer?.status;
      return { sent, wanted, got: got === undefined ? "nothing" : got === value ? "as sent" : String(got) };
    });
    expect(results.filter(({ wanted, got }) => wanted !== got)).toEqual([]);
    console.log(`fault 23: ${rows.length} headers`);
  });
});

interface Row {
  readonly sent: string;
  readonly outcome: string;
  readonly seen: string;
}

function hostCells(row: Row, host: string, kind: Kind): readonly Cell[] {
  const next = host.endsWith("wild.test") ? (host === "a.wild.test" ? "bank.wild.test" : "a.wild.test") : otherOf(host);
  const written = (text: string) =>
    text.replaceAll("host.test", host).replaceAll("HOST.TEST", host.toUpperCase()).replaceAll("next.test", next);
  const path = pathOf(tenantOf(host), kind);
  const [sent, seen] = [written(row.sent), written(row.seen)];
  const named = row.outcome === "itself" ? host : seen;
  const wanted = isStatus(row.outcome) ? Number(row.outcome) : { rule: ownerOf(named, path), host: seen, path };
  const what = `${row.sent} for ${host}`;
  const plain = protocols.map((protocol): Cell => ({ what, scheme: "http", protocol, host: sent, path, wanted }));
  if (row.outcome === "other") return plain;
  const secure = protocols.map((protocol): Cell => {
    return { what, scheme: "https", sni: host, protocol, host: sent, path, wanted };
  });
  return [...plain, ...secure];
}

const isAscii = (text: string) => !/[\u0080-\uffff]/.test(text);
const otherOf = (host: string) => (host === "shop.test" ? "bank.test" : "shop.test");
const isStatus = (text: string) => /^[0-9]{3}$/.test(text);

function pathCells(
  row: Row,
  { host, scheme, tenant, kind }: { host: string; scheme: "http" | "https"; tenant: Tenant; kind: Kind },
): readonly Cell[] {
  const [one, two] = askedPaths[tenant][kind];
  const [three, four] = askedPaths[neighbourOf(tenant)][kind];
  const escaped = [...one].map((character) => `%${character.charCodeAt(0).toString(16)}`).join("");
  const tokens = { "%ONE%": escaped, ONE: one.toUpperCase(), one, two, three, four };
  const written = (text: string) =>
    Object.entries(tokens).reduce((all, [token, by]) => all.replaceAll(token, by), text);
  const [path, seen] = [written(row.sent), written(row.seen)];
  const routed = { rule: ownerOf(host, seen.replace(/\?.*/, "")), host, path: seen };
  const redirected = row.outcome === "307" ? { location: seen } : Number(row.outcome);
  const wanted = row.outcome === "routed" ? routed : redirected;
  const sni = scheme === "https" ? { sni: host } : {};
  // HTTP/2 carries bytes outside ASCII: a test of its own.
  const sayable = isAscii(path) ? protocols : (["http1"] as const);
  return sayable.map((protocol) => ({ what: row.sent, scheme, protocol, ...sni, host, path, wanted }));
}

/** Sends every cell, and says where the proxy, the model and the documentation differ. */
async function compare(what: string, cells: readonly Cell[]): Promise<void> {
  const counts = { routed: 0, refused: 0, unsayable: 0 };
  const differences: string[] = [];
  await inTurns(cells, async (cell) => {
    const answer = await send(cell);
    if (answer === "unsayable") {
      counts.unsayable += 1;
      return;
    }
    counts[answer?.status === 200 ? "routed" : "refused"] += 1;
    const problems = problemsOf(cell, answer);
    if (problems.length > 0) differences.push(`${JSON.stringify(cell)}: ${problems.join("; ")}`);
  });
  expect(differences.slice(0, 10), `${differences.length} of ${cells.length} ${what}`).toEqual([]);
  expect(counts.unsayable).toBeLessThan(cells.length / 4);
  const { routed, refused, unsayable } = counts;
  console.log(
    `fault 23: ${cells.length} cells of ${what}: ${routed} reached a route, ${refused} none, ${unsayable} unsayable`,
  );
}

function problemsOf(cell: Cell, answer: ClientResponse | undefined): readonly string[] {
  const decided = decidedOf(cell);
  const seen = answer?.status === 200 ? echoedBy(answer) : undefined;
  const rule = ruleOf(answer);
  return [
    ...againstDocumentation(cell, answer, seen),
    ...differ("the model", rule, decided.rule),
    ...(rule === undefined && !isMalformed(cell, answer, decided.status)
      ? differ("the model", answer?.status, decided.status)
      : []),
    // Whatever the documentation says: who answers is who has what the backend sees, and the backend reads it alike.
    ...(seen === undefined
      ? []
      : differ("the owner of what is seen", rule, ownerOf(seen.host, seen.path.replace(/\?.*/, "")))),
  ];
}

function againstDocumentation(
  cell: Cell,
  answer: ClientResponse | undefined,
  seen: EchoedRequest | undefined,
): readonly string[] {
  const { wanted } = cell;
  if (typeof wanted === "number") {
    return isMalformed(cell, answer, wanted) ? [] : differ("status", answer?.status, wanted);
  }
  if ("location" in wanted) {
    const location = answer && header(answer, "location");
    return [...differ("status", answer?.status, 307), ...differ("location", location, wanted.location)];
  }
  if (wanted.rule === undefined) return differ("status", answer?.status, 404);
  return [
    ...differ("status", answer?.status, 200),
    ...differ("rule", ruleOf(answer), wanted.rule),
    ...(wanted.host === undefined ? [] : differ("host", seen?.host, wanted.host)),
    ...(wanted.path === undefined ? [] : differ("path", seen?.path, wanted.path)),
  ];
}

/** What HTTP/1.1 answers with 400 or 403 may over HTTP/2 be a stream that ends, or the other of the two. */
function isMalformed({ protocol }: Cell, answer: ClientResponse | undefined, wanted: number | undefined): boolean {
  const refusals = [undefined, 400, 403];
  return (
    protocol === "http2" && wanted !== undefined && [wanted, answer?.status].every((one) => refusals.includes(one))
  );
}

/** A proxy's own answers have the headers of a route, too. */
function ruleOf(answer: ClientResponse | undefined): string | undefined {
  return answer?.status === 200 ? header(answer, ruleHeader) : undefined;
}

function differ(what: string, got: unknown, wanted: unknown): readonly string[] {
  return got === wanted ? [] : [`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`];
}

/** What the model says, as a rule of ours or a status. */
function decidedOf({ scheme, sni, host, path }: Cell): { readonly rule?: string; readonly status?: number } {
  const port = scheme === "http" ? 80 : 443;
  const question: RequestQuestion = { gateway: gatewayName, port, scheme, host, path, method: "GET", headers: [] };
  const [decided] = decide(world.view, { ...question, ...(sni !== undefined && { sni }) }).gateways;
  if (decided === undefined) throw new Error("the model knows no such Gateway");
  const { answer, winner } = decided;
  if (winner !== undefined) return { rule: `${winner.route.namespace}/${winner.route.name}/${winner.rule}` };
  return "status" in answer ? { status: answer.status } : {};
}

function send(cell: Cell): Promise<ClientResponse | undefined | "unsayable"> {
  const place = placeOf(cell);
  if (cell.protocol === "http2") return exchangeHttp2(place, cell);
  return exchange(place, `GET ${cell.path} HTTP/1.1\r\nHost: ${cell.host}\r\n\r\n`);
}

function placeOf({ scheme, sni }: Pick<Cell, "scheme" | "sni">): Place {
  const { addresses, ports } = world.gateway;
  const [address = ""] = addresses;
  const tls = sni === undefined ? {} : { tls: { serverName: sni, authority: world.authority } };
  return { address, port: ports.get(scheme === "http" ? 80 : 443) ?? 0, ...tls };
}

function echoedBy(answer: ClientResponse): EchoedRequest {
  // A backend's answer.
  return JSON.parse(answer.body) as EchoedRequest;
}

function backendRequests(): number {
  return [...world.gateway.backends.values()].reduce((sum, backend) => sum + backend.count(), 0);
}

/** Works on many at a time. */
async function inTurns<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const waiting = [...all.entries()];
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return results;
}
