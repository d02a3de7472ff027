import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { chartFolder, installFile, renderManifests } from "../../scripts/render-manifests.ts";
import { registrationPatch } from "../../src/admission/webhook-registration.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import { newAuthority } from "../admission/webhook-world.ts";
import { goModuleFolder } from "../conformance/bed/go-module.ts";
import { waitFor } from "../conformance/bed/wait-for.ts";
import { type ApiCall, type ChartCluster, startChartCluster } from "./chart-api-server.ts";
import {
  clusterRights,
  linesOf,
  ownRights,
  type Rights,
  resourceKey,
  userRights,
  watchRights,
} from "./chart-rights.ts";

const namespace = "gatehouse-system";
const account = { user: `system:serviceaccount:${namespace}:gatehouse` };
const values = new URL("chart-every-value.yaml", import.meta.url).pathname;

let cluster: ChartCluster;

beforeAll(async () => {
  cluster = await startChartCluster();
  cluster.kubectl("create", "namespace", namespace);
  cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted");
  for (const name of ["team-a", "team-b"]) cluster.kubectl("create", "namespace", name);
}, 600_000);

afterAll(() => cluster?.stop());

// Each of these stories goes on where the one before it ended.
describe("the chart by itself", () => {
  it("passes helm lint with the defaults and with every value", () => {
    for (const flags of [[], ["--values", values]]) {
      expect(cluster.helm("lint", "--strict", chartFolder, ...flags)).toContain("0 chart(s) failed");
    }
  });

  it("has a value in the file of every value that is not the default, for each value", () => {
    const [every, defaults] = [values, join(chartFolder, "values.yaml")].map((path) =>
      parse(readFileSync(path, "utf8")),
    );
    expect(alike(every, defaults)).toEqual([]);
  });

  it("shows every value in what it renders", () => {
    const rendered = templateOfEveryValue();
    expect(words.filter((word) => !rendered.includes(word))).toEqual([]);
    expect(rendered).not.toContain("preStop");
  });

  it("leaves out what is switched off", () => {
    const kinds = parseAllDocuments(template("--values", values)).flatMap((document) => document.toJS()?.kind ?? []);
    expect(kinds.toSorted()).toEqual(["ConfigMap", "Deployment", "PodMonitor", "Service", "ServiceAccount"]);
  });

  it("refuses a value that does not exist", () => {
    expect(() => template("--set", "replica=3")).toThrow(/replica/);
  });

  it("renders to the plain manifests", () => {
    expect(renderManifests(cluster.helmProgram)).toBe(readFileSync(installFile, "utf8"));
  });
});

describe("an installation", () => {
  it("says what to apply when the CRDs of Gateway API are missing, and installs nothing", () => {
    expect(() => install()).toThrow(
      /kubectl apply --server-side -f https:\/\/github\.com\/kubernetes-sigs\/gateway-api\/releases\/download\/v1\.7\.0/,
    );
    expect(cluster.kubectl("-n", namespace, "get", "all", "-o", "name")).toBe("");
  });

  it("goes without them when no GatewayClass is wanted, and tells it in its notes", () => {
    expect(install("--set", "class.create=false")).toContain("The CRDs of Gateway API are missing");
    uninstall();
  });

  it("warns of a version that it was not tested with", async () => {
    cluster.kubectl("apply", "--server-side", ...gatewayApiCrds().flatMap((file) => ["-f", file]));
    await until("gatewayclasses.gateway.networking.k8s.io");
    annotate("v1.3.0");
    expect(install("--dry-run=server")).toContain("are v1.3.0, older than v1.4");
    annotate("v1.9.0");
    expect(install("--dry-run=server")).toContain("are v1.9.0, newer than v1.7");
    annotate("v1.7.0");
    expect(install("--dry-run=server")).not.toContain("tested with");
  });

  it("brings a class with its parameters, and their kind, in one go", async () => {
    cluster.kubectl("delete", "crd", "gatewayparameters.gatehouse.dev");
    const notes = install("--set", "class.parameters.replicas=3");
    expect(notes).toContain("gatehouse try GET");
    expect(await get(parametersPath)).toMatchObject({ spec: { replicas: 3 } });
    expect(await get("/apis/gateway.networking.k8s.io/v1/gatewayclasses/gatehouse")).toMatchObject({
      spec: {
        controllerName: "gatehouse.dev/gateway-controller",
        parametersRef: { group: "gatehouse.dev", kind: "GatewayParameters", name: "gatehouse", namespace },
      },
    });
  });

  it("changes the parameters in an upgrade, and upgrades the CRD", async () => {
    cluster.kubectl("label", "crd", "gatewayparameters.gatehouse.dev", "tampered=yes");
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gatewayparameters.gatehouse.dev";
    const patch = [{ op: "remove", path: "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/locked" }];
    await must({ method: "PATCH", path, body: patch, contentType: "application/json-patch+json" });
    upgrade("--set", "class.parameters.replicas=4");
    expect(await get(parametersPath)).toMatchObject({ spec: { replicas: 4 } });
    expect(JSON.stringify(await get(path))).toContain('"locked"');
  });

  it("leaves the parameters alone in an upgrade that does not change them", async () => {
    const before = await get(parametersPath);
    upgrade("--set", "class.parameters.replicas=4", "--set", "logLevel=debug");
    expect(Object(await get(parametersPath))["metadata"]).toEqual(before["metadata"]);
  });

  it("keeps what the leader has written into its webhook when an upgrade changes the rest", async () => {
    const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/gatehouse";
    const { cert: ca } = await newAuthority();
    const clientConfig = { caBundle: Buffer.from(ca).toString("base64"), service: { path: "/validate/token" } };
    const before = (await get(path)) as unknown as RawObject; // as any object of the API server
    const body = registrationPatch(before, { ca, token: "token" });
    await must({ method: "PATCH", path, body, contentType: "application/json-patch+json", as: account });
    for (const failurePolicy of ["Fail", "Ignore"]) {
      upgrade("--set", "class.parameters.replicas=4", "--set", `webhook.failurePolicy=${failurePolicy}`);
      expect(await get(path)).toMatchObject({ webhooks: [{ failurePolicy, clientConfig }] });
    }
    const other = path.replace(/gatehouse$/, "other");
    expect((await cluster.call({ method: "GET", path: other, as: account })).status).toBe(403);
  });

  it("starts pods that the restricted profile admits", async () => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/gatehouse`;
    const { metadata, spec } = Object((await get(path))["spec"]).template;
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "admitted", labels: metadata.labels }, spec };
    await must({ method: "POST", path: `/api/v1/namespaces/${namespace}/pods?dryRun=All`, body: pod });
    const root = { ...pod, spec: { ...spec, securityContext: {} } };
    const refused = await cluster.call({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
      body: root,
    });
    expect(refused).toMatchObject({ status: 403, body: { message: expect.stringContaining("restricted") } });
  });

  it("gives its account exactly the rights of the table", async () => {
    const everywhere = { ...clusterRights, ...watchRights };
    expect(await rightsIn("team-a", account)).toEqual(linesOf(everywhere));
    expect(await rightsIn(namespace, account)).toEqual(union(everywhere, ownRights));
  });

  it.each(Object.entries(userRights))("gives whoever is %s exactly the rights of the table", async (role, rights) => {
    const user = { user: role, groups: ["people"] };
    await bind(role, role);
    expect(await rightsIn("team-a", user)).toEqual(linesOf(rights));
  });

  it("makes whoever may edit a namespace a developer of routes there, and nowhere else", async () => {
    cluster.kubectl("-n", "team-a", "create", "rolebinding", "ed", "--clusterrole=edit", "--user=ed");
    cluster.kubectl("-n", "team-a", "create", "rolebinding", "vi", "--clusterrole=view", "--user=vi");
    const route = { resource: "httproutes.gateway.networking.k8s.io", namespace: "team-a" };
    await waitFor("the roles to be added up", () => isAllowed({ user: "ed" }, { ...route, verb: "create" }));
    expect(await isAllowed({ user: "ed" }, { ...route, verb: "create", namespace: "team-b" })).toBe(false);
    expect(
      await isAllowed({ user: "ed" }, { ...route, verb: "create", resource: "gateways.gateway.networking.k8s.io" }),
    ).toBe(false);
    await waitFor("the view to be added up", () => isAllowed({ user: "vi" }, { ...route, verb: "list" }));
    expect(await isAllowed({ user: "vi" }, { ...route, verb: "create" })).toBe(false);
  });
});

describe("the control plane's requests", () => {
  const secret = (name: string) => ({ apiVersion: "v1", kind: "Secret", metadata: { name }, data: {} });
  const apply = (path: string, body: unknown): ApiCall => ({
    method: "PATCH",
    path: `${path}?fieldManager=gatehouse&force=true`,
    body,
    contentType: "application/apply-patch+yaml",
    as: account,
  });

  it.each([
    ["team-a", "gatehouse-xds", 201],
    ["team-a", "gatehouse-xds", 200],
    ["team-a", "gatehouse-ca", 403],
    ["team-a", "another", 403],
    [namespace, "gatehouse-ca", 201],
    [namespace, "gatehouse-xds-server", 201],
    [namespace, "another", 403],
  ])("are, for an applied Secret %s/%s, answered with %i", async (where, name, status) => {
    const answer = await cluster.call(apply(`/api/v1/namespaces/${where}/secrets/${name}`, secret(name)));
    expect(answer.status).toBe(status);
  });

  it("apply and remove what a fleet consists of, with its Gateway as the owner", async () => {
    const gateway = await must({
      method: "POST",
      path: "/apis/gateway.networking.k8s.io/v1/namespaces/team-a/gateways",
      body: {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: { name: "shared" },
        spec: { gatewayClassName: "gatehouse", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
      },
    });
    const owner = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      name: "shared",
      uid: uidOf(gateway),
      controller: true,
    };
    const metadata = { name: "gatehouse-shared", ownerReferences: [owner] };
    const path = "/api/v1/namespaces/team-a/serviceaccounts/gatehouse-shared";
    await must(apply(path, { apiVersion: "v1", kind: "ServiceAccount", metadata }));
    await must({ method: "DELETE", path, as: account });
  });

  it("write the status of a route, and not the route", async () => {
    const path = "/apis/gateway.networking.k8s.io/v1/namespaces/team-a/httproutes";
    const route = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "hello" },
      spec: {},
    };
    await must({ method: "POST", path, body: route });
    const merge = { method: "PATCH", contentType: "application/merge-patch+json", as: account };
    await must({ ...merge, path: `${path}/hello/status`, body: { status: { parents: [] } } });
    expect((await cluster.call({ ...merge, path: `${path}/hello`, body: { spec: {} } })).status).toBe(403);
  });

  it("create and renew its Lease, and touch no other", async () => {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const lease = (name: string) => ({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name },
      spec: {},
    });
    const created = await must({ method: "POST", path, body: lease("gatehouse"), as: account });
    await must({ method: "PUT", path: `${path}/gatehouse`, body: created, as: account });
    await must({ method: "POST", path, body: lease("other") });
    expect(
      (await cluster.call({ method: "PUT", path: `${path}/other`, body: lease("other"), as: account })).status,
    ).toBe(403);
  });
});

describe("an installation for some namespaces", () => {
  it("can read and write there and nowhere else", async () => {
    upgrade("--set", "watch.namespaces={team-a}");
    const there = { ...clusterRights, ...watchRights };
    expect(await rightsIn("team-a", account)).toEqual(linesOf(there));
    expect(await rightsIn(namespace, account)).toEqual(union(there, ownRights));
    expect(await rightsIn("team-b", account)).toEqual(linesOf(clusterRights));
  });

  it("cannot read logs when nobody tries requests", async () => {
    upgrade("--set", "watch.namespaces={team-a}", "--set", "try.enabled=false");
    const { pods: _, "pods/log": __, ...others } = watchRights;
    expect(await rightsIn("team-a", account)).toEqual(linesOf({ ...clusterRights, ...others }));
  });
});

describe("uninstalling", () => {
  it("leaves the CRD and its objects, takes the rest, and can be taken back", async () => {
    uninstall();
    expect(cluster.kubectl("get", "crd", "-o", "name")).toContain("gatewayparameters.gatehouse.dev");
    expect(cluster.kubectl("-n", namespace, "get", "deployments,services,rolebindings", "-o", "name")).toBe("");
    expect(await rightsIn("team-a", account)).toEqual([]);
    install();
    uninstall();
  });

  it("takes the parameters too where the kind was there before", async () => {
    cluster.kubectl("-n", namespace, "delete", "gatewayparameters", "gatehouse");
    install("--set", "class.parameters.replicas=5");
    const before = await get(parametersPath);
    upgrade("--set", "class.parameters.replicas=6");
    expect(await get(parametersPath)).toMatchObject({ metadata: { uid: uidOf(before) }, spec: { replicas: 6 } });
    uninstall();
    expect((await cluster.call({ method: "GET", path: parametersPath })).status).toBe(404);
  });
});

describe("the plain manifests and the example", () => {
  it("are taken by the API server as they are", () => {
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", installFile);
    cluster.kubectl("apply", "-f", new URL("../../deploy/kubernetes/example.yaml", import.meta.url).pathname);
    expect(cluster.kubectl("-n", "gateways", "get", "gateway", "shared", "-o", "name")).toContain("shared");
  });

  it("are followed by what the chart renders to with every value, which the API server takes", () => {
    cluster.kubectl("create", "namespace", "every-namespace");
    // The Prometheus operator's kind is not here.
    const documents = templateOfEveryValue()
      .split(/^---$/m)
      .filter((text) => !text.includes("kind: PodMonitor"));
    const taken = dryRun("every-value.yaml", documents.join("---\n"));
    for (const word of [
      "deployment.apps/gatehouse",
      "gatewayclass",
      "gatewayparameters",
      "networkpolicy",
      "configmap",
    ]) {
      expect(taken).toContain(word);
    }
  });

  it("are followed by documents whose examples the API server takes", () => {
    const text = readFileSync(new URL("../../docs/parameters.md", import.meta.url), "utf8");
    const examples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = ""]) => yaml);
    expect(examples.length).toBeGreaterThan(3);
    expect(dryRun("examples.yaml", examples.join("---\n"))).toContain("own-fleet");
  });
});

const switchesOn = [
  ...["class.create", "crds.install", "rbac.create", "rbac.userRoles", "try.enabled", "networkPolicy.enabled"],
  ...["webhook.enabled", "api.enabled"],
  ...["podDisruptionBudget.enabled", "podMonitor.fleets"],
];

/** What the file of every value leaves in the manifests. */
const words = [
  "registry.example.com/every-repository:every-tag@sha256:0123456789abcdef",
  ...["imagePullPolicy: Always", "every-pull-secret", "replicas: 7", "example.com/every-controller", "every.domain"],
  ...["every.trust", "value: trace", "[::]:18000", "[::]:18001", "[::]:8081", "every-envoy:1", 'value: "::"', '"11"'],
  ...["every-namespace,gatehouse-system", "namespace: every-namespace", "every=selector", "name: every-class"],
  ...["replicas: 5", "kind: CustomResourceDefinition", "kind: RoleBinding", "gatehouse-viewer", "pods/log"],
  ...["[::]:18443", "failurePolicy: Fail", 'values: ["every-namespace","gatehouse-system"]', "10.3.0.0/16"],
  ...["[::]:18444", "every-caller", "https:gatehouse-api:443", "10.4.0.0/16"],
  ...["10.1.0.0/16", "10.2.0.0/16", "kind: PodDisruptionBudget", "137m", "138Mi", "139Mi"],
  ...["terminationGracePeriodSeconds: 41", "every-label-value", "every-annotation-value", "every-node-value"],
  ...["every-taint", "nodeAffinity", "every-zone", "every-priority", "17s", "every-monitor", "gatehouse-fleets"],
  ...["grafana_dashboard: every", "every-folder", 'value: "13"', 'value: "1000000"', 'value: "/dev/stdout"'],
];

const parametersPath = `/apis/gatehouse.dev/v1alpha1/namespaces/${namespace}/gatewayparameters/gatehouse`;

function install(...flags: readonly string[]): string {
  return cluster.helm("install", "gatehouse", chartFolder, "-n", namespace, ...flags);
}

/** The tests write to a CRD that Helm owns, so Helm has to take its fields back. */
function upgrade(...flags: readonly string[]): void {
  cluster.helm("upgrade", "gatehouse", chartFolder, "-n", namespace, "--force-conflicts", ...flags);
}

function uninstall(): void {
  cluster.helm("uninstall", "gatehouse", "-n", namespace);
}

function template(...flags: readonly string[]): string {
  return cluster.helm("template", "gatehouse", chartFolder, "-n", namespace, ...flags);
}

/** Without the policy of the bundle, which lets nobody change its version to an older one. */
function gatewayApiCrds(): readonly string[] {
  const folder = join(goModuleFolder("sigs.k8s.io/gateway-api", "v1.7.0"), "config/crd/standard");
  return readdirSync(folder)
    .filter((name) => name.startsWith("gateway.networking.k8s.io_") && !name.includes("_vap_"))
    .map((name) => join(folder, name));
}

function templateOfEveryValue(): string {
  return template("--values", values, ...switchesOn.flatMap((name) => ["--set", `${name}=true`]));
}

/** Has the API server check manifests as if it took them. */
function dryRun(name: string, yaml: string): string {
  const file = join(cluster.folder, name);
  writeFileSync(file, yaml);
  return cluster.kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", file);
}

function annotate(version: string): void {
  const annotation = `gateway.networking.k8s.io/bundle-version=${version}`;
  cluster.kubectl("annotate", "--overwrite", "crd", "gatewayclasses.gateway.networking.k8s.io", annotation);
}

function until(crd: string): Promise<unknown> {
  return waitFor(crd, async () => {
    const { body } = await cluster.call({
      method: "GET",
      path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd}`,
    });
    return JSON.stringify(body).includes('"type":"Established"');
  });
}

async function must(call: ApiCall): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await cluster.call(call);
  if (status >= 300) throw new Error(`${call.method} ${call.path}: ${status} ${body["message"]}`);
  return body;
}

function get(path: string): Promise<Readonly<Record<string, unknown>>> {
  return must({ method: "GET", path });
}

function uidOf(object: Readonly<Record<string, unknown>>): string {
  return Object(object["metadata"]).uid;
}

async function bind(user: string, role: string): Promise<void> {
  cluster.kubectl("create", "clusterrolebinding", `test-${user}`, `--clusterrole=${role}`, `--user=${user}`);
}

function union(...rights: readonly Rights[]): readonly string[] {
  return [...new Set(rights.flatMap(linesOf))].toSorted();
}

interface Question {
  readonly verb: string;
  /** As in {@link Rights}. */
  readonly resource: string;
  readonly namespace: string;
}

type Subject = NonNullable<ApiCall["as"]>;

async function isAllowed({ user, groups }: Subject, { verb, resource, namespace }: Question): Promise<boolean> {
  const [withoutName = "", name] = resource.split(":");
  const [full = "", subresource] = withoutName.split("/");
  const [plural = "", ...group] = full.split(".");
  const resourceAttributes = { verb, resource: plural, group: group.join("."), subresource, name, namespace };
  const { status } = await must({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user, groups, resourceAttributes },
    },
  });
  return Object(status).allowed === true;
}

/** Asks for every verb on every resource that the API server knows, and on the names of the tables. */
async function rightsIn(namespace: string, subject: Subject): Promise<readonly string[]> {
  const resources = await allResources();
  const named = [clusterRights, watchRights, ownRights].flatMap((rights) =>
    Object.keys(rights).filter((key) => key.includes(":")),
  );
  const questions = [...resources, ...named, "secrets:another", "leases.coordination.k8s.io:another"].flatMap(
    (resource) => verbs.map((verb) => ({ verb, resource, namespace })),
  );
  const answers = await Promise.all(questions.map((question) => isAllowed(subject, question)));
  const lines = new Set(
    questions.filter((_, index) => answers[index]).map(({ verb, resource }) => `${verb} ${resource}`),
  );
  // What holds for all names holds for each: only what is given by name is told by name.
  return [...lines].filter((line) => !line.includes(":") || !lines.has(line.split(":")[0] ?? "")).toSorted();
}

const verbs = [
  ...["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"],
  ...["bind", "escalate", "impersonate", "approve", "sign", "use"],
];

async function allResources(): Promise<readonly string[]> {
  const { groups } = await get("/apis");
  const versions = (groups as readonly { readonly preferredVersion: { readonly groupVersion: string } }[]).map(
    ({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`,
  );
  const lists = await Promise.all(["/api/v1", ...versions].map((path) => get(path)));
  return lists.flatMap(({ groupVersion, resources }) => {
    const [group = "", version] = String(groupVersion).split("/");
    const names = (resources as readonly { readonly name: string }[]).map(({ name }) => name); // discovery's own shape
    return names.map((name) => resourceKey(version === undefined ? "" : group, name));
  });
}

/** Paths of values that are alike in both files. */
function alike(a: unknown, b: unknown, path = ""): readonly string[] {
  if (b === null || typeof b !== "object" || Array.isArray(b) || Object.keys(b).length === 0) {
    return JSON.stringify(a) === JSON.stringify(b) ? [path] : [];
  }
  return Object.keys(b).flatMap((key) => alike(Reflect.get(Object(a), key), Reflect.get(b, key), `${path}.${key}`));
}
