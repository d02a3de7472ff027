import { expect, it } from "vitest";
import { namespacedName, objectKey } from "../core/keys.ts";
import { createEvent, cutToBytes, eventPlace } from "./event-request.ts";

it.each([
  { text: "short", most: 10, want: "short" },
  { text: "exactly ten", most: 11, want: "exactly ten" },
  { text: "much too long", most: 8, want: "much …" },
  { text: "ééééé", most: 8, want: "éé…" },
  { text: "😀😀😀", most: 10, want: "😀…" },
])("cuts $text to $most bytes between characters", ({ text, most, want }) => {
  expect(cutToBytes(text, most)).toBe(want);
  expect(Buffer.byteLength(want)).toBeLessThanOrEqual(most);
});

it("puts the Event of an object without a namespace where Kubernetes wants it", () => {
  const object = objectKey("GatewayClass", namespacedName(undefined, "gatehouse"));
  const place = eventPlace(object, "1f");
  expect(place).toEqual({ namespace: "default", name: "gatehouse.1f" });
  const facts = {
    object,
    uid: "u",
    version: "v1",
    type: "Warning",
    reason: "InvalidParameters",
    note: "no",
    controllerName: "gatehouse.dev/gateway-controller",
    reportingInstance: "gatehouse-0",
  } as const;
  expect(createEvent(place, facts, new Date("2026-01-01T00:00:00Z"))).toMatchObject({
    path: "/apis/events.k8s.io/v1/namespaces/default/events",
    body: {
      eventTime: "2026-01-01T00:00:00.000000Z",
      regarding: { apiVersion: "gateway.networking.k8s.io/v1", kind: "GatewayClass", name: "gatehouse", uid: "u" },
    },
  });
});

it("gives a name that Kubernetes takes to the Event of an object with a long one", () => {
  const name = `${"a".repeat(199)}.${"b".repeat(53)}`;
  const place = eventPlace(objectKey("HTTPRoute", namespacedName("shop", name)), "1f");
  expect(place.name).toBe(`${"a".repeat(199)}.1f`);
});
