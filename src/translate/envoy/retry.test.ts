import { expect, it } from "vitest";
import { retryPolicy } from "./retry.ts";

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
  const nothing = {
    index: 0,
    matches: [],
    filters: { mirrors: [] },
    backends: [],
    requestTimeoutMs: 0,
    backendTimeoutMs: 0,
  };
  const policy = retryPolicy({ ...nothing, retry: { attempts: 1, codes: [], backoffMs } });
  expect([policy?.retryBackOff?.baseInterval, policy?.retryBackOff?.maxInterval]).toEqual(want);
});
