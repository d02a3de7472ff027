import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadKubeApi } from "../../src/watch/kube-api.ts";
import { kubeApiOf } from "../support/cluster-world.ts";
import { startFakeApiServer } from "../support/fake-api-server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that only notes the headers that it is sent. */
async function listen(): Promise<{ readonly url: string; readonly headers: IncomingHttpHeaders[] }> {
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  cleanups.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, headers }; // it listens on TCP
}

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), "gatehouse-kube-"));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe("the API's client", () => {
  it("sends the token of the kubeconfig, or what a credential plugin prints", async () => {
    const { url, headers } = await listen();
    const credential = { kind: "ExecCredential", status: { token: "from-plugin" } };
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "echo", args: [JSON.stringify(credential)] };
    for (const user of [{ token: "from-file" }, { exec }]) {
      const api = kubeApiOf(url, user);
      expect(await api.request({ method: "GET", path: "/version" })).toEqual({ kind: "ok", value: {} });
      api.close();
    }
    expect(headers.map(({ authorization }) => authorization)).toEqual(["Bearer from-file", "Bearer from-plugin"]);
    expect(headers[0]?.["user-agent"]).toBe("gatehouse");
  });

  it("tells what is wrong with a kubeconfig without quoting it", () => {
    const path = join(folder(), "config");
    expect(loadKubeApi({ kubeconfig: path })).toEqual({
      kind: "failed",
      message: `cannot read the kubeconfig ${path}: ENOENT`,
    });
    for (const text of ["users: [{token: very-secret", "{}", "very-secret", "apiVersion: v1\ncurrent-context: very"]) {
      writeFileSync(path, text);
      const result = loadKubeApi({ kubeconfig: path });
      expect(result.kind).toBe("failed");
      expect(JSON.stringify(result)).not.toContain("very-secret");
    }
  });

  it("leaves an answer that is asked for as text as it is, also where it looks like JSON", async () => {
    const server = await startFakeApiServer();
    const api = kubeApiOf(server.url);
    cleanups.push(() => server.stop());
    cleanups.push(() => api.close());
    for (const text of ['{"line":1}\n', "not JSON\n", ""]) {
      server.fail(/./, { text }, 1);
      const log = await api.request({ method: "GET", path: "/api/v1/namespaces/a/pods/b/log", answer: "text" });
      expect(log).toEqual({ kind: "ok", value: text });
    }
    server.fail(/./, { status: 403, reason: "Forbidden", message: "no" }, 1);
    expect(await api.request({ method: "GET", path: "/api/v1/namespaces/a/pods/b/log", answer: "text" })).toMatchObject(
      {
        status: 403,
        message: "no",
      },
    );
  });

  it("makes values of everything that can go wrong, and names no credentials in them", async () => {
    const server = await startFakeApiServer();
    const api = kubeApiOf(server.url);
    cleanups.push(() => api.close());
    const get = (timeoutMs?: number) =>
      api.request({ method: "GET", path: "/api/v1/services", ...(timeoutMs !== undefined && { timeoutMs }) });
    server.fail(/./, { status: 403, reason: "Forbidden", message: "no" }, 1);
    expect(await get()).toEqual({ kind: "failed", status: 403, reason: "Forbidden", message: "no" });
    server.fail(/./, { status: 429, retryAfter: 3 }, 1);
    expect(await get()).toMatchObject({ status: 429, retryAfterMs: 3000 });
    server.fail(/./, { text: "secret" }, 1);
    expect(await get()).toEqual({
      kind: "failed",
      status: 200,
      reason: "Unreadable",
      message: "the API server's answer is not JSON",
    });
    server.fail(/./, "hang", 1);
    expect(await get(50)).toMatchObject({ status: 0, reason: "NoAnswer", message: "no answer in time" });
    server.fail(/./, "reset", 1);
    expect(await get()).toMatchObject({ status: 0, reason: "NoAnswer" });
    await server.stop();
    expect(await get()).toMatchObject({ status: 0, reason: "NoAnswer" });
    for (const user of [
      { token: "two\nlines" },
      { exec: { command: "false" } },
      { exec: { command: "echo", args: ["secret"] } },
    ]) {
      const other = kubeApiOf(server.url, user);
      const failed = await other.request({ method: "GET", path: "/api" });
      expect(failed).toMatchObject({ kind: "failed", status: 0 });
      expect(JSON.stringify(failed)).not.toMatch(/two|secret/);
      other.close();
    }
  });

  it("closes a watch without a failure when it is asked to", async () => {
    const server = await startFakeApiServer();
    const api = kubeApiOf(server.url);
    cleanups.push(
      () => server.stop(),
      () => api.close(),
    );
    const opened = await api.watch({ path: "/api/v1/services" });
    if (opened.kind === "failed") throw new Error(opened.message);
    server.put("Service", { metadata: { name: "a", namespace: "one" } });
    const kinds: string[] = [];
    for await (const batch of opened.value) {
      kinds.push(batch.kind);
      opened.value.close();
    }
    expect(kinds).toEqual(["events"]);
  });
});
