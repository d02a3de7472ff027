import { expect, it } from "vitest";
import { takesScopes } from "./proxy-image.ts";

it.each([
  undefined,
  "docker.io/envoyproxy/envoy:distroless-v1.40.0",
  "envoyproxy/envoy:v1.38.0",
  "envoyproxy/envoy:contrib-distroless-v1.138.0",
  "envoyproxy/envoy:latest",
  "registry.example:1.37/envoy:v1.40.0",
  "registry.example/envoy@sha256:0137ab",
])("takes scopes: %s", (image) => {
  expect(takesScopes(image)).toBe(true);
});

it.each([
  "docker.io/envoyproxy/envoy:distroless-v1.37.11",
  "envoyproxy/envoy:v1.37-latest",
  "registry.example:5000/envoy:1.37.0",
  "envoyproxy/envoy:v1.37.0@sha256-1",
])("takes none: %s", (image) => {
  expect(takesScopes(image)).toBe(false);
});
