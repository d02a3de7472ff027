import { describe, expect, it } from "vitest";
import type { KubeClient, KubeRequest } from "../core/kube-client.ts";
import { leaderClient } from "./leader-client.ts";

describe("the client of the leader's duties", () => {
  const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
  const passed: string[] = [];
  const client: KubeClient = {
    request: async <T>({ method }: KubeRequest) => {
      passed.push(method);
      return { kind: "ok", value: undefined as T };
    },
  };

  it.each([
    { leads: true, name: "lets everything pass while the replica leads", want: methods },
    { leads: false, name: "lets only reads pass when it does not", want: ["GET"] },
  ])("$name", async ({ leads, want }) => {
    passed.length = 0;
    const fenced = leaderClient(client, () => leads);
    const results = await Promise.all(methods.map((method) => fenced.request({ method, path: "/api/v1/pods" })));
    expect(passed).toEqual(want);
    expect(results.filter(({ kind }) => kind === "ok")).toHaveLength(want.length);
  });
});
