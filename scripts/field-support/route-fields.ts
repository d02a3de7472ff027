/** The fields of routes. */
import { below, type FieldTable, partly, served } from "./field-support.ts";

const parentRefs: FieldTable = {
  "spec.parentRefs[].{group,kind,namespace,name}": partly(
    "Gateways and ListenerSets of our classes: listeners to attach to, `Accepted` in `status.parents`. A Service (mesh) and whatever is not ours is left alone, status included",
  ),
  "spec.parentRefs[].sectionName": served("the listener of that name alone; none: `NoMatchingParent`"),
  "spec.parentRefs[].port": served("listeners of that port alone; none: `NoMatchingParent`"),
};

const hostnames: FieldTable = {
  "spec.hostnames[]": served(
    "virtual hosts, intersected with the listener's; none left: `NoMatchingListenerHostname`. What the routes of a hostname do not match is 404, and never goes on to those of a wider hostname. Claimed for the namespace ([ownership](ownership.md))",
  ),
};

const ruleName: FieldTable = {
  "spec.rules[].name": served("the name of the Envoy route, in access logs and messages"),
};

function backend(unusable: string): FieldTable {
  return {
    "{group,kind}": partly("Services of the core group; anything else is `InvalidKind`"),
    "{name,namespace}": served(
      `a cluster of the Service's endpoints. Missing \`BackendNotFound\`, ungranted \`RefNotPermitted\`: ${unusable}`,
    ),
    port: served("the port of the cluster; one that speaks what the route cannot is `UnsupportedProtocol`"),
  };
}

function backendRefs(unusable: string): FieldTable {
  return below("spec.rules[].backendRefs[].", {
    ...backend(unusable),
    weight: served("`weighted_clusters`; an invalid backend keeps its share"),
  });
}

const headerModifiers: FieldTable = {
  "requestHeaderModifier.{add[].name,add[].value,set[].name,set[].value,remove[]}": served(
    "header mutation of the request, applied before the request is sent on",
  ),
  "responseHeaderModifier.{add[].name,add[].value,set[].name,set[].value,remove[]}": served(
    "header mutation of the response",
  ),
};

const mirror: FieldTable = {
  ...below("requestMirror.backendRef.", backend("the mirror is left out, requests are served")),
  "requestMirror.{percent,fraction.numerator,fraction.denominator}": served("`runtime_fraction` of the mirror policy"),
};

const extension: FieldTable = {
  "extensionRef.{group,kind,name}": {
    support: "refused",
    becomes: "`ResolvedRefs=False`, `InvalidKind`: there is no such kind of filter, and what it stands on fails",
  },
};

const filterType: FieldTable = {
  type: served("which filter it is; a type that is not known makes the rule fail, and `PartiallyInvalid`"),
};

const httpFilters: FieldTable = {
  ...filterType,
  ...headerModifiers,
  ...mirror,
  "requestRedirect.{scheme,hostname,port,statusCode}": served("a redirect in place of a backend"),
  "requestRedirect.path.{type,replaceFullPath,replacePrefixMatch}": served(
    "the path of the redirect; a prefix can be replaced only where a prefix is matched",
  ),
  "urlRewrite.hostname": served("the Host header for the backend"),
  "urlRewrite.path.{type,replaceFullPath,replacePrefixMatch}": served(
    "the path for the backend; a prefix can be replaced only where a prefix is matched",
  ),
  ...extension,
  "cors.{allowCredentials,allowHeaders[],allowMethods[],allowOrigins[],exposeHeaders[],maxAge}":
    served("the CORS filter of the route"),
};

const grpcFilters: FieldTable = { ...filterType, ...headerModifiers, ...mirror, ...extension };

const headerMatches: FieldTable = {
  "spec.rules[].matches[].headers[].{type,name,value}": served(
    "header matchers; a regular expression is RE2 and matches the whole value, an invalid one drops its rule",
  ),
};

const sessions: FieldTable = {
  "spec.rules[].sessionPersistence.type": served("a stateful session of the route, by cookie or by header"),
  "spec.rules[].sessionPersistence.cookie.{name,path,lifetimeType}": served("the cookie that proxies set"),
  "spec.rules[].sessionPersistence.header.name": partly(
    "the header that proxies answer with, where one backend of the rule gets all; among several the rule fails, and `PartiallyInvalid`",
  ),
  "spec.rules[].sessionPersistence.absoluteTimeout": partly(
    "how long a permanent cookie lives, a second at least; with a session cookie or a header the rule fails, and `PartiallyInvalid`",
  ),
};

const unusable500 = "its share answers 500";
const unusableCall = "its share answers `UNAVAILABLE`";
const unusableConnection = "its share of the connections is closed";

export const httpRouteFields: FieldTable = {
  ...parentRefs,
  ...hostnames,
  ...ruleName,
  "spec.rules[].matches[].path.{type,value}": served(
    "path matchers, after normalisation; a prefix matches whole elements, a regular expression is RE2",
  ),
  ...headerMatches,
  "spec.rules[].matches[].queryParams[].{type,name,value}": served("query parameter matchers"),
  "spec.rules[].matches[].method": served("a matcher of `:method`"),
  ...below("spec.rules[].filters[].", httpFilters),
  ...backendRefs(unusable500),
  ...below("spec.rules[].backendRefs[].filters[].", httpFilters),
  "spec.rules[].timeouts.{request,backendRequest}": served(
    "`timeout` of the route, and per try; whatever they say, silence ends a request after `streamIdleTimeoutSeconds` ([limits](limits.md))",
  ),
  "spec.rules[].retry.{codes[],attempts,backoff}": served(
    "`retry_policy`: of the codes, and of what no backend has begun. A request whose connection is lost later may be done already: it is asked again only where `timeouts.backendRequest` is set, whatever its method",
  ),
  ...sessions,
};

export const grpcRouteFields: FieldTable = {
  ...parentRefs,
  ...hostnames,
  ...ruleName,
  "spec.rules[].matches[].method.{type,service,method}": served(
    "a path matcher `/service/method`; regular expressions are RE2, an invalid one drops its rule",
  ),
  ...headerMatches,
  ...below("spec.rules[].filters[].", grpcFilters),
  ...backendRefs(unusableCall),
  ...below("spec.rules[].backendRefs[].filters[].", grpcFilters),
  ...sessions,
};

export const tlsRouteFields: FieldTable = {
  ...parentRefs,
  "spec.hostnames[]": served(
    "filter chains by server name; none left: `NoMatchingListenerHostname`. Claimed for the namespace ([ownership](ownership.md))",
  ),
  "spec.rules[].name": served("the name in access logs"),
  ...backendRefs(unusableConnection),
};

export const tcpRouteFields: FieldTable = {
  ...parentRefs,
  "spec.rules[].name": served("the name in access logs"),
  ...backendRefs(unusableConnection),
};

export const udpRouteFields: FieldTable = {
  ...parentRefs,
  "spec.rules[].name": served("the name in access logs"),
  ...below("spec.rules[].backendRefs[].", {
    ...backend("its share of the datagrams is dropped"),
    weight: served("the weights of endpoints in the one cluster that datagrams of the route go to"),
  }),
};
