import { describe, expect, it } from "vitest";
import { readFileWorld } from "../world/file-world.ts";
import type { PlacedObject } from "../world/world.ts";
import { planApply, planDelete } from "./change.ts";

const service = (name: string, { port = 80, more = "", spec = "" } = {}) => `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop${more} }
spec: { ports: [{ port: ${port} }]${spec} }
`;
const gatewayClass = (controller: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: ${controller} }
`;
const read = (text: string): readonly PlacedObject[] => readFileWorld([{ path: "a.yaml", text }]).objects;
const present = (text: string) => new Map(read(text).map((entry) => [entry.key, entry]));
const aged = (time: string) => `, creationTimestamp: "${time}", uid: u-1`;

describe("planApply", () => {
  it("makes what is new younger than everything, whatever its file says", () => {
    const before = present(service("old", { more: aged("2026-03-01T10:00:00Z") }));
    const steps = planApply(before, read(service("new", { more: aged("2020-01-01T00:00:00Z") })));
    expect(steps).toMatchObject([
      {
        action: "create",
        entry: { object: { metadata: { creationTimestamp: "2026-03-01T10:00:01Z", generation: 1 } } },
      },
    ]);
  });

  it("keeps the age of what it replaces, and counts its generation on", () => {
    const before = present(service("web", { more: aged("2026-03-01T10:00:00Z") }));
    const steps = planApply(before, read(service("web", { port: 81 })));
    const metadata = { creationTimestamp: "2026-03-01T10:00:00Z", uid: "u-1", generation: 2 };
    expect(steps).toMatchObject([
      { action: "change", entry: { object: { metadata, spec: { ports: [{ port: 81 }] } } } },
    ]);
  });

  it("keeps the generation where only labels change", () => {
    const steps = planApply(present(service("web")), read(service("web", { more: ", labels: { a: b }" })));
    expect(steps).toMatchObject([
      { action: "change", entry: { object: { metadata: { generation: 1, labels: { a: "b" } } } } },
    ]);
  });

  it("sees what stays the same, and the cluster IP that the API server gave", () => {
    const before = present(service("web", { more: aged("2026-03-01T10:00:00Z"), spec: ", clusterIP: 192.0.2.7" }));
    expect(planApply(before, read(service("web")))).toMatchObject([{ action: "unchanged" }]);
  });

  it("does not change what may not be changed", () => {
    const steps = planApply(present(gatewayClass("example.com/a")), read(gatewayClass("example.com/b")));
    expect(steps).toMatchObject([
      {
        action: "forbidden",
        message: expect.stringContaining("spec.controllerName"),
        entry: { object: { spec: { controllerName: "example.com/a" } } },
      },
    ]);
  });

  it("leaves a Namespace alone that no file describes, and takes one as there that is missing", () => {
    const labelled = "---\napiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { a: b } }\n";
    expect(planApply(present(labelled), read(service("web"))).map(({ entry }) => entry.key)).toEqual([
      "Service/shop/web",
    ]);
    expect(planApply(new Map(), read(service("web")))).toMatchObject([
      { entry: { key: "Service/shop/web" } },
      { entry: { key: "Namespace/shop" }, action: "create", implied: true },
    ]);
  });
});

describe("planDelete", () => {
  it("deletes what is there, and tells what is not", () => {
    const steps = planDelete(present(service("web")), read(service("web") + service("other")));
    expect(steps.map(({ entry, action }) => `${action} ${entry.key}`)).toEqual([
      "absent Service/shop/other",
      "delete Service/shop/web",
    ]);
  });

  it("takes everything in a Namespace with it", () => {
    const shop = "---\napiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n";
    const steps = planDelete(present(service("web") + shop + gatewayClass("example.com/a")), read(shop));
    expect(steps.map(({ entry, action }) => `${action} ${entry.key}`)).toEqual([
      "delete Namespace/shop",
      "delete Service/shop/web",
    ]);
  });
});
