import type { Reader } from "../collection/collection.ts";
import type { ForwardedProtocol } from "../core/history.ts";
import type { Hostname } from "../core/hostname.ts";
import { type GatewayResourceKey, gatewayResourceKey, type ObjectKey, parseGatewayResourceKey } from "../core/keys.ts";
import type { HostChange } from "../ledger/ledger.ts";
import { chainPlaces, isPassedOn } from "../translate/layer4/chain-places.ts";
import { heldNames } from "../translate/layer4/held-names.ts";
import type { EnvoyListener } from "../translate/nodes.ts";
import type { RoutingView } from "../translate/pipeline.ts";
import type { PortRoutes } from "../translate/route-nodes.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
import type { Translator } from "./translator.ts";

export interface ForwardedPlacesOptions {
  readonly translator: Pick<Translator, "routing">;
  readonly table: Pick<ResourceTable, "entry">;
}

/** Who has a name of a listener; nobody: what comes there is closed, or read by a listener of its own. */
interface Forwarded {
  readonly protocol: ForwardedProtocol;
  readonly winner?: PortRoutes;
  /** What comes is TLS, and is passed on as such. */
  readonly passesTls?: true;
}

/** What is told apart on one port. */
export type ForwardedNames = ReadonlyMap<Hostname, Forwarded>;

/** The same as it is remembered: who, and nothing of what they do with it. */
interface Known {
  readonly protocol: ForwardedProtocol;
  readonly route: ObjectKey | undefined;
}

type Names = ReadonlyMap<Hostname, Known>;

/**
 * Remembers who has which server name or port of each Envoy listener, and tells what is otherwise than it was. A change of one
 * name looks at all of its port, as printing the listener does.
 */
export class ForwardedPlaces {
  readonly #options: ForwardedPlacesOptions;
  readonly #known = new Map<GatewayResourceKey, { readonly port: number; readonly names: Names }>();

  constructor(options: ForwardedPlacesOptions) {
    this.#options = options;
  }

  /** The names of an Envoy listener that somebody else has now, or nobody; none where it forwards nothing. */
  changes(key: string): readonly HostChange[] {
    const { translator, table } = this.#options;
    const { gateway, name } = parseGatewayResourceKey(key);
    const listener = translator.routing.envoyListeners.get(key);
    const before = this.#known.get(key as GatewayResourceKey); // listeners and their routes are keyed by it
    const now = listener === undefined ? [] : [...forwardedNames(translator.routing, listener)];
    const names: Names = new Map(now.map(([host, { protocol, winner }]) => [host, { protocol, route: winner?.route }]));
    const port = listener?.port ?? before?.port;
    if (names.size === 0) this.#known.delete(key as GatewayResourceKey);
    else this.#known.set(key as GatewayResourceKey, { port: port ?? 0, names });
    const version = table.entry(gateway, "listener", name)?.resource.version;
    const resource = { name, ...(version !== undefined && { version }) };
    return [...new Set([...(before?.names ?? nobody).keys(), ...names.keys()])].flatMap((hostname) => {
      const [was, is] = [before?.names.get(hostname), names.get(hostname)];
      const protocol = is?.protocol ?? was?.protocol;
      if (protocol === undefined || (was !== undefined && is !== undefined && was.route === is.route)) return [];
      const place = { gateway, table: name, hostname, protocol, resource, ...(port !== undefined && { port }) };
      return [is === undefined ? place : { ...place, matches: matchesOf(is) }];
    });
  }
}

const nobody: Names = new Map();

/** Nobody is told when what was read changes: publications are. */
const read: Reader = { get: (from, key) => from.get(key) };

/** Lists who has which name of an Envoy listener; empty where it forwards nothing. */
export function forwardedNames(
  { portRoutes, heldNames: held }: Pick<RoutingView, "portRoutes" | "heldNames">,
  listener: EnvoyListener,
): ForwardedNames {
  const { chains } = listener;
  if (chains.every(({ kind }) => kind === "http")) return new Map();
  const key = gatewayResourceKey(listener.gateway, listener.name);
  const inputs = {
    node: listener,
    portRoutes: [...(portRoutes.get(key)?.values() ?? [])],
    holes: heldNames(read, held, listener),
  };
  return new Map(
    chains.flatMap((chain): readonly (readonly [Hostname, Forwarded])[] => {
      // What a listener of its own reads does not come under a wider name that is forwarded.
      if (chain.kind === "http") return [[chain.tls?.hostname ?? "", { protocol: "TLS" }]];
      const { protocol } = chain;
      const passed = isPassedOn(chain) ? ({ passesTls: true } as const) : {};
      return chainPlaces(chain, inputs).map(({ hostname, routes: [first] }) => {
        return [hostname, { protocol, ...passed, ...(first !== undefined && { winner: first }) }];
      });
    }),
  );
}

function matchesOf({ route }: Known): NonNullable<HostChange["matches"]> {
  return route === undefined ? [] : [{ route, match: { path: { type: "PathPrefix", value: "/" } } }];
}
