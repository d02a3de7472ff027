import { createHash } from "node:crypto";
import { tellsOfTrouble } from "../core/condition-trouble.ts";
import { convergingKinds } from "../core/convergence.ts";
import { resourceTypes } from "../core/xds-resource.ts";
import type { DebugView, GatewayEntry, ProblemEntry, ShownCondition, StatusEntry, StreamEntry } from "./debug-view.ts";
import { type Html, html } from "./html.ts";

/** Prints the page that people open first: what is served, who is connected, what is wrong, and where to read on. */
export function indexPage(view: DebugView): string {
  const statuses = view.statuses();
  const refused = statuses.flatMap(refusals);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gatehouse</title>
<style>${{ html: style }}</style>
</head>
<body>
<header>
<h1>Gatehouse <small>${view.version}</small></h1>
${view.ready() ? badge("good", "ready") : badge("bad", "not ready")}
<nav>${links.map(([path, name]) => html`<a href="${path}">${name}</a>`)}</nav>
</header>
<main>
${gatewaySection(view.gateways(), statuses)}
${streamSection(view.streams())}
${refusalSection(refused)}
${problemSection(view.problems())}
${failureSection(view)}
</main>
<footer>Read-only. Secrets are never shown. The same in a terminal: <code>gatehouse status</code></footer>
</body>
</html>
`;
  return page.html;
}

const links = [
  ["/debug/gateways", "gateways"],
  ["/debug/fleets", "fleets"],
  ["/debug/status", "status"],
  ["/debug/streams", "streams"],
  ["/debug/problems", "problems"],
  ["/debug/quarantines", "quarantines"],
  ["/debug/graph", "graph"],
] as const;

function gatewaySection(gateways: readonly GatewayEntry[], statuses: readonly StatusEntry[]): Html {
  const byObject = new Map(statuses.map((entry) => [entry.object, entry]));
  const rows = gateways.map((entry) => {
    const status = byObject.get(`Gateway/${entry.gateway}`)?.status;
    const routes = status?.listeners?.map(({ name, attachedRoutes }) => `${name} (${attachedRoutes})`).join(", ");
    const all = Object.values(entry.resources).reduce((sum, count) => sum + count, 0);
    return html`<tr>
<th scope="row"><a href="${xdsLink(entry.gateway)}">${entry.gateway}</a></th>
<td>${conditionBadge(status?.conditions, "Accepted")}</td>
<td>${conditionBadge(status?.conditions, "Programmed")}</td>
<td>${routes}</td>
<td><a href="${convergenceLink(`Gateway/${entry.gateway}`)}">${entry.readyProxies} of ${entry.proxies}</a></td>
<td>${all === 0 ? "0" : resourceTypes.filter((type) => entry.resources[type] > 0).map((type) => resourceLink(entry, type))}</td>
</tr>`;
  });
  const titles = ["Gateway", "Accepted", "Programmed", "Listeners (routes)", "Proxies ready", "Envoy resources"];
  return section("Gateways", rows.length, table(titles, rows, "No Gateway of a class of ours."));
}

function resourceLink({ gateway, resources }: GatewayEntry, type: (typeof resourceTypes)[number]): Html {
  return html`<a class="count" href="${xdsLink(gateway)}&amp;type=${type}">${resources[type]} ${type}</a> `;
}

function streamSection(streams: readonly StreamEntry[]): Html {
  const rows = streams.map(
    ({ gateway, node, protocol, refusals: refused }) => html`<tr>
<th scope="row">${node}</th><td>${gateway}</td><td>${protocol}</td>
<td>${refused.length === 0 ? badge("good", "none") : refused.map(({ type, message }) => html`${badge("bad", type)} ${message}<br>`)}</td>
</tr>`,
  );
  return section(
    "Proxies",
    rows.length,
    table(["Node", "Gateway", "Protocol", "Refused"], rows, "No proxy is connected."),
  );
}

interface Refusal {
  readonly object: string;
  readonly where: string;
  readonly condition: ShownCondition;
}

function refusals({ object, status }: StatusEntry): readonly Refusal[] {
  const found = (where: string, conditions: readonly ShownCondition[] = []) =>
    conditions.filter(tellsOfTrouble).map((condition) => ({ object, where, condition }));
  return [
    ...found("", status.conditions),
    ...(status.listeners ?? []).flatMap(({ name, conditions }) => found(`listener ${name}`, conditions)),
    ...(status.parents ?? []).flatMap(({ parentRef: { namespace, name, sectionName }, conditions }) =>
      found([namespace, name, sectionName].filter((part) => part !== undefined).join("/"), conditions),
    ),
  ];
}

/** A page is for reading: what goes on beyond this many rows is in the JSON. */
const longestList = 200;

function refusalSection(refused: readonly Refusal[]): Html {
  const rows = refused.slice(0, longestList).map(
    ({ object, where, condition: { type, reason, message } }) => html`<tr>
<th scope="row">${objectLink(object)}</th><td>${where}</td><td>${badge("bad", type)}</td><td>${reason}</td><td>${message}</td>
</tr>`,
  );
  const titles = ["Object", "Where", "Condition", "Reason", "Message"];
  return section("Not served as written", refused.length, table(titles, rows, "Everything is served as written."));
}

/** Objects that proxies acknowledge lead to how far they have come. */
function objectLink(object: string): Html {
  const isFollowed = convergingKinds.some((kind) => object.startsWith(`${kind}/`));
  return isFollowed ? html`<a href="${convergenceLink(object)}">${object}</a>` : html`${object}`;
}

function problemSection(problems: readonly ProblemEntry[]): Html {
  const rows = problems.slice(0, longestList).map(
    ({ file, document, path, object, message }) => html`<tr>
<th scope="row">${file}</th><td>${document}</td><td>${object}</td><td><code>${path}</code></td><td>${message}</td>
</tr>`,
  );
  const titles = ["File", "Document", "Object", "Field", "Problem"];
  return section("Unreadable", problems.length, table(titles, rows, "Every file was read."));
}

function failureSection(view: DebugView): Html | undefined {
  const { failures } = view.graph();
  if (failures.length === 0) return undefined;
  const rows = failures.map(
    ({ collection, key, message }) =>
      html`<tr><th scope="row">${collection}</th><td>${key}</td><td>${message}</td></tr>`,
  );
  return section("Faults of Gatehouse", failures.length, table(["Collection", "Key", "Error"], rows, ""));
}

function section(title: string, count: number, body: Html): Html {
  return html`<section><h2>${title} <small>${count}</small></h2>${body}</section>`;
}

function table(titles: readonly string[], rows: readonly Html[], empty: string): Html {
  if (rows.length === 0) return html`<p>${empty}</p>`;
  const head = titles.map((title) => html`<th scope="col">${title}</th>`);
  return html`<div class="table"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function conditionBadge(conditions: readonly ShownCondition[] = [], type: string): Html {
  const condition = conditions.find((candidate) => candidate.type === type);
  if (condition === undefined) return badge("plain", "unknown");
  if (condition.status === "True") return badge("good", "yes");
  return html`${badge(condition.status === "False" ? "bad" : "plain", condition.reason)}`;
}

function badge(kind: "good" | "bad" | "plain", text: string): Html {
  return html`<span class="badge ${kind}">${text}</span>`;
}

function convergenceLink(object: string): string {
  return `/debug/convergence?object=${encodeURIComponent(object)}`;
}

function xdsLink(gateway: string): string {
  return `/debug/xds?gateway=${encodeURIComponent(gateway)}`;
}

const style = `
:root { color-scheme: light dark; --line: light-dark(#d9dee5, #333a44); --soft: light-dark(#5b6675, #98a3b3);
  --good: light-dark(#e3f4e8, #163d25); --on-good: light-dark(#14622f, #9be3b3);
  --bad: light-dark(#fde7e6, #4b1a18); --on-bad: light-dark(#9d1c14, #ffb3ad); --link: light-dark(#1858b8, #8ab8ff); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1200px; padding: 0 1.5rem 2rem; font: 15px/1.5 system-ui, sans-serif;
  background: light-dark(#fff, #14171c); color: light-dark(#1c232d, #e3e8ef); }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; padding: 1rem 0; border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.4rem; } h2 { margin: 1.8rem 0 .5rem; font-size: 1.05rem; }
small { color: var(--soft); font-weight: normal; font-size: .85em; }
nav { display: flex; flex-wrap: wrap; gap: 1rem; margin-left: auto; }
a { color: var(--link); text-decoration: none; } a:hover, a:focus { text-decoration: underline; }
.count { white-space: nowrap; margin-right: .6rem; }
.table { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: .4rem .75rem; text-align: left; vertical-align: top; }
tbody tr { border-top: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 600; }
.badge { display: inline-block; padding: 0 .5rem; border-radius: 1em; font-size: 13px; border: 1px solid var(--line); }
.good { background: var(--good); color: var(--on-good); border-color: transparent; }
.bad { background: var(--bad); color: var(--on-bad); border-color: transparent; }
p, footer { color: var(--soft); } footer { margin-top: 2rem; font-size: 13px; } code { font-size: .95em; }
`;

/** The page's own style is all that a browser may load for it. */
export const indexPagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
