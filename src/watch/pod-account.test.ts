import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { podAccount } from "./pod-account.ts";

const environment = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function accountFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "account-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe("the account of a pod", () => {
  it("is not there outside of one", () => {
    expect(podAccount({ environment: {} })).toBeUndefined();
    expect(podAccount({ environment: { ...environment, KUBERNETES_SERVICE_PORT: "" } })).toBeUndefined();
  });

  it("tells the API server's address, also that of IPv6, and the namespace where there is one", () => {
    const folder = accountFolder({ namespace: "shop\n" });
    expect(podAccount({ environment, folder })).toMatchObject({ server: "https://10.96.0.1:443", namespace: "shop" });
    const other = podAccount({ environment: { ...environment, KUBERNETES_SERVICE_HOST: "fd00::1" }, folder: "/none" });
    expect(other).toMatchObject({ server: "https://[fd00::1]:443", namespace: undefined, proxied: false });
  });

  it("authenticates by the token, beside the headers that are there, and takes another one after a minute", async () => {
    const folder = accountFolder({ token: "first\n", "ca.crt": "authority" });
    let now = 0;
    const account = podAccount({ environment, folder, now: () => now });
    const sent = async (): Promise<RequestOptions> => {
      const options: RequestOptions = { headers: { accept: "text/plain" } };
      await account?.apply(options);
      return options;
    };
    const first = { ca: "authority", headers: { accept: "text/plain", authorization: "Bearer first" } };
    expect(await sent()).toEqual(first);
    writeFileSync(join(folder, "token"), "second");
    now = 59_999;
    expect(await sent()).toEqual(first);
    now = 60_000;
    expect((await sent()).headers).toMatchObject({ authorization: "Bearer second" });
  });

  it("rejects where the token cannot be read, and tries again the next time", async () => {
    const folder = accountFolder({ "ca.crt": "authority" });
    const account = podAccount({ environment, folder });
    await expect(account?.apply({})).rejects.toThrow("ENOENT");
    writeFileSync(join(folder, "token"), "late");
    const options: RequestOptions = {};
    await account?.apply(options);
    expect(options.headers).toEqual({ authorization: "Bearer late" });
  });
});
