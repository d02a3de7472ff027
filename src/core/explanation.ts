/**
 * What `gatehouse explain` answers, as plain data that goes through JSON unchanged. Every object of the cluster is an
 * {@link ObjectName}, so that whoever may not see it can be shown a namespace that is not named; `criterion` and `reason`
 * texts never name an object. `message` texts may: they belong to the object beside them.
 */
import type { HttpRouteMatch } from "./gateway-api.ts";
import type { Hostname } from "./hostname.ts";
import type { RefusalCriterion } from "./ownership.ts";

/** An object of the cluster. All that explanations name live in a namespace. */
export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A request as a client would send it to a Gateway. */
export interface RequestQuestion {
  /** The Gateway that is asked; absent: every Gateway that has a listener on the port. */
  readonly gateway?: { readonly namespace: string; readonly name: string };
  /** Port that the client connects to. */
  readonly port: number;
  readonly scheme: "http" | "https";
  /** The server name of the TLS handshake; absent: the client sends none. Counts with `https` only. */
  readonly sni?: string;
  /** The Host header, or `:authority`, as it is sent: with its port where it has one. */
  readonly host: string;
  /** Path with query, as it is sent. */
  readonly path: string;
  readonly method: string;
  /** In the order in which they are sent; a name may occur more than once. */
  readonly headers: readonly RequestHeader[];
}

export interface RequestHeader {
  readonly name: string;
  readonly value: string;
}

/** How a request is answered, Gateway by Gateway. Without any, nothing of ours listens on the port. */
export interface RequestExplanation {
  readonly question: RequestQuestion;
  readonly gateways: readonly GatewayExplanation[];
}

/** How one Gateway answers a request, and what else could have. */
export interface GatewayExplanation {
  readonly gateway: ObjectName;
  /** The Envoy listener of the port; absent where the Gateway opens none. */
  readonly envoyListener?: string;
  /** The Gateway API listener whose requests these are; absent where none takes the connection or the host. */
  readonly listener?: ListenerName;
  /** The hostname under which the request was looked up, `*` for the catch-all; absent where none fits. */
  readonly virtualHost?: string;
  /** The path that the matches saw, after it was normalised; absent where it is the one that was sent. */
  readonly normalizedPath?: string;
  readonly answer: RequestAnswer;
  /** The match that answers. */
  readonly winner?: ExplainedMatch;
  /** Everything else that the request matches, in order of precedence, with what decided against it. */
  readonly rivals: readonly Rival[];
  /** The route that forwards the connection as it is: no request of it is read, so nothing is looked up. */
  readonly forwarder?: ObjectName;
  /** Routes that the connection would go to if another one did not come first. */
  readonly forwardRivals?: readonly ForwardingRival[];
  /** What the request matches and is not the route's to answer, because somebody else owns the hostname or the path. */
  readonly withheld: readonly WithheldMatch[];
}

/** A listener of a Gateway or of a ListenerSet. */
export interface ListenerName {
  readonly parent: ObjectName;
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  /** The empty string matches every host. */
  readonly hostname: Hostname;
}

/** What becomes of a request. `reason` is one sentence without a full stop; it names no object. */
export type RequestAnswer =
  /** No connection comes about: nothing listens, or no certificate is served for the name. */
  | { readonly kind: "noConnection"; readonly reason: string }
  /** The proxy turns the request down before it looks for a route: 400 for a malformed one, say. */
  | { readonly kind: "rejected"; readonly status: number; readonly reason: string }
  /** The proxy sends the client to the normalised spelling of the path. */
  | { readonly kind: "normalized"; readonly status: number; readonly location: string; readonly reason: string }
  /** No virtual host, or none of its matches: 404. */
  | { readonly kind: "notFound"; readonly status: 404; readonly reason: string }
  /** The host belongs to another listener's connections: 421. */
  | { readonly kind: "misdirected"; readonly status: 421; readonly reason: string }
  /** A rule that cannot be served: 500. `message` belongs to the winner. */
  | { readonly kind: "error"; readonly status: 500 | 503; readonly reason: string; readonly message?: string }
  /** A preflight that CORS answers without asking a backend. */
  | { readonly kind: "corsPreflight"; readonly status: number; readonly allowed: boolean }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  | { readonly kind: "forward"; readonly backends: readonly ExplainedBackend[] }
  /** The connection is forwarded as it is: what the request is answered is for the backend to say. */
  | { readonly kind: "forwarded"; readonly backends: readonly ExplainedBackend[] }
  /** Each backend has filters of its own, which may answer differently: one of these, by weight. */
  | { readonly kind: "split"; readonly shares: readonly AnswerShare[] };

/** A part of the requests, by weight. */
export interface AnswerShare {
  readonly weight: number;
  readonly answer: Exclude<RequestAnswer, { readonly kind: "split" }>;
}

/** A backend of a rule. */
export interface ExplainedBackend {
  /** Absent where the reference names nothing that could be used. */
  readonly service?: ObjectName;
  readonly port?: number;
  readonly weight: number;
  /** Why it gets nothing; its share of the requests answers 500 unless it says otherwise. Belongs to the route. */
  readonly message?: string;
}

/** One match of one rule of a route. */
export interface ExplainedMatch {
  readonly route: ObjectName;
  /** Place of the rule in the route, from 0. */
  readonly rule: number;
  readonly ruleName?: string;
  /** Place of the match in its rule, from 0. */
  readonly matchIndex: number;
  readonly match: HttpRouteMatch;
  /** The hostname under which it stands, `*` for the catch-all. */
  readonly hostname: string;
}

/** A match that fits the request and does not answer it. */
export interface Rival extends ExplainedMatch {
  /** What decided, in the words of the specification. Names no object. */
  readonly criterion: string;
}

/** A route that forwards connections and has lost them to another one. */
export interface ForwardingRival {
  readonly route: ObjectName;
  /** What decided, in the words of the specification. Names no object. */
  readonly criterion: string;
}

/** A match that fits the request and is withheld from its route. */
export interface WithheldMatch extends ExplainedMatch {
  readonly refusal?: ExplainedRefusal;
}

/** Why a hostname, or a path of it, is not an object's to answer. */
export interface ExplainedRefusal {
  readonly hostname: Hostname;
  readonly path?: HttpRouteMatch["path"];
  readonly criterion: RefusalCriterion;
  /** One sentence without a full stop; names nobody. */
  readonly message: string;
  /** Whether it is withheld; else it is only told. */
  readonly enforced: boolean;
  /** The object that has it, where one is known. */
  readonly holder?: ObjectName;
}

/** How one route is served: parent by parent, listener by listener. */
export interface RouteExplanation {
  readonly route: ObjectName;
  /** False: there is no such route, and nothing more is said. */
  readonly found: boolean;
  readonly generation?: number;
  /** One for each parentRef, in the order in which they are written. */
  readonly parents: readonly ParentExplanation[];
  readonly rules: readonly ExplainedRule[];
  /** Rules that are left out because no proxy would take them. Belongs to the route. */
  readonly partiallyInvalid?: string;
}

/** One parentRef of a route. */
export interface ParentExplanation {
  readonly parent: ObjectName;
  readonly sectionName?: string;
  readonly port?: number;
  readonly attached: boolean;
  /** Reason of the Accepted condition where it is not attached; absent for a parent that is not ours. */
  readonly reason?: string;
  /** Why it is not attached. Belongs to the route. */
  readonly message?: string;
  readonly listeners: readonly ListenerExplanation[];
  readonly refusals: readonly ExplainedRefusal[];
}

/** How a route stands with one listener of its parent. */
export interface ListenerExplanation {
  readonly listener: ListenerName;
  readonly attached: boolean;
  /** Why not, or what keeps it from being served though attached. Names no object but the listener's own. */
  readonly reason?: string;
  readonly hosts: readonly ExplainedHost[];
  /** What the proxies of the Gateway have said; live only. */
  readonly acknowledgement?: Acknowledgement;
}

/** A hostname that a route answers on a listener. */
export interface ExplainedHost {
  /** `*` for every host that nothing else has. */
  readonly hostname: string;
  /** What the route says itself, where that is wider: `*` where it says nothing. */
  readonly written: string;
  /** In order of precedence; none where connections or datagrams are forwarded as they are. */
  readonly matches: readonly ReachedMatch[];
  /** The route to which those go in place of this one. */
  readonly shadowedBy?: ForwardingRival;
}

/** Whether a match is ever reached under a hostname. */
export interface ReachedMatch {
  readonly rule: number;
  readonly ruleName?: string;
  readonly matchIndex: number;
  readonly match: HttpRouteMatch;
  readonly state: "reachable" | "shadowed" | "withheld";
  /** What answers every request that it would: for `shadowed`. */
  readonly shadowedBy?: Rival;
}

/** One rule of a route and where it sends requests. */
export interface ExplainedRule {
  readonly index: number;
  readonly name?: string;
  readonly kind: "forward" | "redirect" | "error";
  readonly backends: readonly ExplainedBackend[];
  /** Why it answers 500. Belongs to the route. */
  readonly message?: string;
}

/** How many proxies run what is wanted of a listener's Gateway. */
export interface Acknowledgement {
  readonly connected: number;
  readonly acknowledged: number;
  /** Replicas of the control plane that did not say in time what their proxies have; absent: none. */
  readonly silentReplicas?: number;
  /** Envoy's words where a proxy has refused something of it. Belongs to the Gateway. */
  readonly refusals: readonly string[];
}
