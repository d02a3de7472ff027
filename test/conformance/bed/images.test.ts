import { expect, it } from "vitest";
import { bedImages } from "./image-table.ts";
import { programOf } from "./images.ts";

const table = bedImages({ kube: "/k", coredns: "/c", helm: "/h", echoBasic: "/e" });

it.each([
  ["ghcr.io/gatehouse-dev/gatehouse:0.1.0", "gatehouse"],
  ["registry.test:5000/team/gatehouse", "gatehouse"],
  ["gatehouse@sha256:0000", "gatehouse"],
  ["docker.io/envoyproxy/envoy:distroless-v1.40.0", "envoyproxy/envoy"],
  ["registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0", "echo-basic"],
  ["envoyproxy/envoy:v1.40.0@sha256:0000", "envoyproxy/envoy"],
])("%s is run by the programs of %s", (image, repository) => {
  expect(programOf(table, image)?.repository).toBe(repository);
});

it.each(["nginx", "other/envoy:v1", "not-gatehouse:1", "registry.test:5000/gatehouse/other", ""])(
  "nothing here runs %j",
  (image) => {
    expect(programOf(table, image)).toBeUndefined();
  },
);
