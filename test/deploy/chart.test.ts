import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { chartReadme, withValuesTable } from "../../scripts/chart-values.ts";
import { crdsFile, crdsYaml } from "../../scripts/crds.ts";
import { chartFolder, chartHash, hashMark, installFile } from "../../scripts/render-manifests.ts";
import { webhookName } from "../../src/admission/webhook-registration.ts";
import { controllerSettings, readControllerConfig } from "../../src/controller-config.ts";
import { kinds, routeKinds } from "../../src/core/keys.ts";
import { metricDefinitions } from "../../src/metrics.ts";
import { environmentName } from "../../src/settings.ts";
import {
  clusterRights,
  linesOf,
  linesOfRules,
  ownRights,
  type PolicyRule,
  userRights,
  watchRights,
} from "./chart-rights.ts";

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly rules?: readonly PolicyRule[];
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly securityContext: object;
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly env: readonly { readonly name: string; readonly value?: string }[];
          readonly securityContext: object;
        }[];
      };
    };
  };
}

const text = (path: string): string => readFileSync(`${chartFolder}/${path}`, "utf8");
// Files of this repository, rendered by Helm.
const manifests = parseAllDocuments(readFileSync(installFile, "utf8")).map((document) => document.toJS() as Manifest);
const find = (kind: string, name: string): Manifest => {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
};
const rightsOf = (kind: string, name: string): readonly string[] => linesOfRules(find(kind, name).rules ?? []);

describe("the chart's files", () => {
  const schema: object = JSON.parse(text("values.schema.json"));
  const validate = new Ajv({ allErrors: true }).compile(schema);

  it("have defaults that the schema of values accepts", () => {
    validate(parse(text("values.yaml")));
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each([
    ["a value that does not exist", { replica: 2 }],
    ["a nested value that does not exist", { watch: { namespace: ["a"] } }],
    ["a namespace that is none", { watch: { namespaces: ["Team_A"] } }],
    ["no replicas", { replicas: 0 }],
    ["an unknown log level", { logLevel: "loud" }],
    ["a controller name without a path", { controllerName: "gatehouse" }],
    ["a digest that is none", { image: { digest: "latest" } }],
    ["claims that end at once", { ownership: { claimHours: 0 } }],
    ["a ledger in a file that the pod cannot write", { ledger: { file: "/var/ledger.jsonl" } }],
    ["a webhook that may do something else", { webhook: { failurePolicy: "Warn" } }],
  ])("refuse %s", (_name, values) => expect(validate(values)).toBe(false));

  it("have a schema for exactly the values that there are", () => {
    expect(pathsOfSchema(schema).filter((path) => path !== "global")).toEqual(
      pathsOfValues(parse(text("values.yaml"))),
    );
  });

  it("have the version of the package", () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(parse(text("Chart.yaml"))).toMatchObject({ version, appVersion: version });
  });

  it("hold the CRDs that Gatehouse generates", () => {
    expect(readFileSync(fileURLToPath(crdsFile), "utf8")).toBe(crdsYaml());
  });

  it.each([fileURLToPath(crdsFile), installFile])(
    "say in YAML 1.1, which kubectl reads, what they say in YAML 1.2: %s",
    (file) => {
      const read = (version: "1.1" | "1.2") =>
        parseAllDocuments(readFileSync(file, "utf8"), { version }).map((document): unknown => document.toJS());
      expect(read("1.1")).toEqual(read("1.2"));
    },
  );

  it("tell every value in the README", () => {
    const readme = readFileSync(chartReadme, "utf8");
    expect(readme).toBe(withValuesTable(readme));
  });

  it("have a dashboard of metrics that exist", () => {
    const names = new Set([...text("files/dashboard.json").matchAll(/gatehouse_[a-z_]+/g)].map(([name]) => name));
    const known = Object.values(metricDefinitions).flatMap(({ name, type }) =>
      type === "histogram" ? [`${name}_bucket`] : [name],
    );
    expect(names.size).toBeGreaterThan(5);
    expect([...names].filter((name) => !known.includes(name as (typeof known)[number]))).toEqual([]);
  });
});

describe("the plain manifests", () => {
  it("were rendered from the chart as it is", () => {
    expect(readFileSync(installFile, "utf8")).toContain(`# ${hashMark}${chartHash()}\n`);
  });

  it("show nothing of Helm", () => {
    expect(readFileSync(installFile, "utf8").replace(/^#.*$/gm, "")).not.toMatch(/helm/i);
  });

  it("give the control plane the rights of the table and no others", () => {
    expect(rightsOf("ClusterRole", "gatehouse")).toEqual(linesOf({ ...clusterRights, ...watchRights }));
    expect(rightsOf("Role", "gatehouse")).toEqual(linesOf(ownRights));
  });

  it("give people the rights of the table and no others", () => {
    const roles = manifests.filter(({ kind, metadata }) => kind === "ClusterRole" && metadata.name !== "gatehouse");
    expect(roles.map(({ metadata }) => metadata.name)).toEqual(Object.keys(userRights).toSorted());
    for (const [name, rights] of Object.entries(userRights))
      expect(rightsOf("ClusterRole", name)).toEqual(linesOf(rights));
  });

  it("give nobody but the platform a right on claims, budgets or records, and no person one on a status", () => {
    const lines = Object.keys(userRights).flatMap((role) =>
      rightsOf("ClusterRole", role).map((line) => ({ role, line })),
    );
    const about = lines.filter(({ line }) => /(hostname|namespacebudget)[a-z]*\.gatehouse\.dev/.test(line));
    const writers = about.filter(({ line }) => !/^(get|list|watch) /.test(line)).map(({ role }) => role);
    expect([...new Set(about.map(({ role }) => role))]).toEqual([
      "gatehouse-infrastructure-provider",
      "gatehouse-cluster-operator",
    ]);
    expect([...new Set(writers)]).toEqual(["gatehouse-infrastructure-provider"]);
    expect(lines.filter(({ line }) => line.endsWith("/status"))).toEqual([]);
  });

  it("add the developer's role to edit and the viewer's to view, and no other to any", () => {
    const aggregated = manifests.flatMap(({ metadata }) =>
      Object.keys(metadata.labels ?? {})
        .filter((label) => label.startsWith("rbac.authorization.k8s.io/"))
        .map((label) => `${metadata.name} ${label.split("/")[1]}`),
    );
    expect(aggregated.toSorted()).toEqual([
      "gatehouse-application-developer aggregate-to-admin",
      "gatehouse-application-developer aggregate-to-edit",
      "gatehouse-viewer aggregate-to-view",
    ]);
  });
});

describe("the control plane's pod", () => {
  // Rendered by Helm from our own template.
  const { template } = (find("Deployment", "gatehouse") as unknown as Deployment).spec;
  const [container] = template.spec.containers;

  it("runs without any rights on its node", () => {
    expect(template.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("has settings that `gatehouse controller` knows and accepts", () => {
    expect(container?.args).toEqual(["controller"]);
    const known = Object.values(controllerSettings).map(({ flag }) => environmentName(flag));
    const names = container?.env.map(({ name }) => name) ?? [];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    const filled = {
      GATEHOUSE_NAMESPACE: "gatehouse-system",
      GATEHOUSE_POD_NAME: "a",
      GATEHOUSE_POD_ADDRESS: "10.0.0.1",
    };
    const given = Object.fromEntries(container?.env.map(({ name, value }) => [name, value]) ?? []);
    expect(readControllerConfig({}, { ...given, ...filled })).toMatchObject({ kind: "valid" });
  });

  it("keeps claims and history as `gatehouse controller` does unless it is told", () => {
    const given = new Map(container?.env.map(({ name, value }) => [name, value]));
    for (const { flag, ...setting } of [
      controllerSettings.claimHours,
      controllerSettings.ledgerEntries,
      controllerSettings.ledgerFile,
    ])
      expect([flag, given.get(environmentName(flag))]).toEqual([flag, "default" in setting ? setting.default : ""]);
  });

  it("does not look like a proxy, which may reach the xDS port", () => {
    expect(template.metadata.labels["app.kubernetes.io/managed-by"]).not.toBe("gatehouse");
  });
});

describe("the admission webhook", () => {
  const configuration = find("ValidatingWebhookConfiguration", "gatehouse");

  it("is asked about routes and ListenerSets only, for two seconds, and lets pass what nobody answers", () => {
    expect(configuration).toMatchObject({
      webhooks: [
        {
          name: webhookName,
          rules: [
            {
              apiGroups: ["gateway.networking.k8s.io"],
              operations: ["CREATE", "UPDATE"],
              resources: [...routeKinds.map((kind) => kinds[kind].plural), "listenersets"],
              scope: "Namespaced",
            },
          ],
          matchPolicy: "Equivalent",
          failurePolicy: "Ignore",
          timeoutSeconds: 2,
          sideEffects: "None",
        },
      ],
    });
  });

  it("has nothing that an upgrade would take back from the leader", () => {
    expect(JSON.stringify(configuration)).not.toMatch(/caBundle|"path"/);
  });

  it("is reached by the name that is in its certificate", () => {
    const { name, namespace } = Object(configuration).webhooks[0].clientConfig.service;
    expect(find("Service", name)).toMatchObject({ metadata: { namespace }, spec: { ports: [{ port: 443 }] } });
    const [container] = (find("Deployment", "gatehouse") as unknown as Deployment).spec.template.spec.containers;
    const settings = new Map(container?.env.map((variable) => [variable.name, variable.value]));
    expect(settings.get("GATEHOUSE_WEBHOOK_SERVICE")).toBe(`${name}.${namespace}.svc`);
    expect(settings.get("GATEHOUSE_WEBHOOK_CONFIGURATION")).toBe(configuration.metadata.name);
  });

  it("may be asked by anyone who knows its path", () => {
    const { ingress } = Object(find("NetworkPolicy", "gatehouse")).spec;
    expect(ingress).toContainEqual({ ports: [{ port: 18_443 }] });
  });
});

describe("the endpoint for people", () => {
  it("is reached by the name that is in its certificate", () => {
    expect(find("Service", "gatehouse-api")).toMatchObject({ spec: { ports: [{ port: 443, targetPort: "api" }] } });
    const [container] = (find("Deployment", "gatehouse") as unknown as Deployment).spec.template.spec.containers;
    const settings = new Map(container?.env.map((variable) => [variable.name, variable.value]));
    expect(settings.get("GATEHOUSE_API_SERVICE")).toBe("gatehouse-api.gatehouse-system.svc");
  });

  it("may be reached through the API server by everybody whom it knows, and nothing else may", () => {
    expect(rightsOf("Role", "gatehouse-api")).toEqual(
      linesOf({ "services/proxy:https:gatehouse-api:443": ["get", "create"] }),
    );
    expect(find("RoleBinding", "gatehouse-api")).toMatchObject({
      roleRef: { kind: "Role", name: "gatehouse-api" },
      subjects: [{ kind: "Group", name: "system:authenticated" }],
    });
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

function pathsOfSchema({ properties }: Schema, path = ""): readonly string[] {
  if (properties === undefined) return [path];
  return Object.entries(properties)
    .flatMap(([name, child]) => pathsOfSchema(child, path === "" ? name : `${path}.${name}`))
    .toSorted();
}

/** Maps of which the schema does not know the keys count as one value. */
const maps = ["resources", "dashboard.labels"];

function pathsOfValues(values: unknown, path = ""): readonly string[] {
  const isLeaf = typeof values !== "object" || values === null || Array.isArray(values) || maps.includes(path);
  if (isLeaf || Object.keys(values).length === 0) return [path];
  return Object.entries(values)
    .flatMap(([name, child]) => pathsOfValues(child, path === "" ? name : `${path}.${name}`))
    .toSorted();
}
