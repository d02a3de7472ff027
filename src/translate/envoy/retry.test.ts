import { expect, it } from "vitest";
import type { RouteRule } from "../route-nodes.ts";
import { retryPolicy } from "./retry.ts";

const nothing: RouteRule = {
  index: 0,
  matches: [],
  filters: { mirrors: [] },
  backends: [],
  requestTimeoutMs: 0,
  backendTimeoutMs: 0,
};

it.each([
  {
    name: "a short pause, and ten times as much at most",
    backoffMs: 250,
    want: [
      { seconds: 0, nanos: 250e6 },
      { seconds: 2, nanos: 500e6 },
    ],
  },
  {
    name: "no pause that is longer than Envoy can count, however long the API takes it",
    backoffMs: 4 * 99_999 * 3_600_000,
    want: [{ seconds: 31_536_000 }, { seconds: 31_536_000 }],
  },
])("waits between tries: $name", ({ backoffMs, want }) => {
  const policy = retryPolicy({ ...nothing, retry: { attempts: 1, codes: [], backoffMs } });
  expect([policy?.retryBackOff?.baseInterval, policy?.retryBackOff?.maxInterval]).toEqual(want);
});

it("asks for no more retries than Envoy can count, however many the API takes", () => {
  const policy = retryPolicy({ ...nothing, retry: { attempts: 50_000_000_000, codes: [] } });
  expect(policy?.numRetries?.value).toBe(4_294_967_295);
});

it.each([
  {
    name: "what no backend has begun",
    rule: { retry: { attempts: 1, codes: [] } },
    want: "connect-failure,refused-stream,reset-before-request",
  },
  {
    name: "codes that are named",
    rule: { retry: { attempts: 1, codes: [503] } },
    want: "connect-failure,refused-stream,reset-before-request,retriable-status-codes",
  },
  {
    name: "tries that took too long",
    rule: { retry: { attempts: 1, codes: [] }, backendTimeoutMs: 100 },
    want: "connect-failure,refused-stream,reset-before-request,reset",
  },
])("tries again: $name", ({ rule, want }) => {
  expect(retryPolicy({ ...nothing, ...rule })?.retryOn).toBe(want);
});
