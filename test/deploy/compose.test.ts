import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AddressBlock, claimAddressBlock } from "../../demo/address-block.ts";
import { type ComposeService, parseComposeFile, parseMount } from "./compose-file.ts";
import { type ComposeRun, createComposeRun } from "./compose-run.ts";
import { lastOf, parseDockerfile } from "./dockerfile.ts";
import { buildImage } from "./image-build.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const file = parseComposeFile(readFileSync(join(repository, "docker-compose.yml"), "utf8"));
const stages = parseDockerfile(readFileSync(join(repository, "Dockerfile"), "utf8"));
const services = Object.entries(file.services).map(([name, service]) => ({ name, service }));
const versions = JSON.parse(readFileSync(join(repository, "scripts/versions.json"), "utf8"));

describe("the Compose file and the Dockerfile", () => {
  it.each(services)("run $name without rights", ({ service }) => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(["ALL"]);
    expect(service.security_opt).toEqual(["no-new-privileges:true"]);
    expect(userOf(service)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    for (const mount of (service.volumes ?? []).map(parseMount)) expect(mount.mode).toBe("ro");
  });

  it("publish on this machine's loopback only, and never the xDS port", () => {
    const ports = services.flatMap(({ service }) => service.ports ?? []);
    expect(ports).not.toEqual([]);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    expect(ports.filter((port) => port.endsWith(":18000"))).toEqual([]);
  });

  it("use the Envoy and the Node that everything else here is tested with", () => {
    const node = `node:${String(versions.node).split(".")[0]}-slim`;
    expect(file.services["envoy"]?.image).toBe(`envoyproxy/envoy:distroless-v${versions.envoy}`);
    expect(stages.map(({ image }) => image)).toEqual([node, node, node]);
    const others = services.filter(({ service, name }) => service.build === undefined && name !== "envoy");
    expect(others.map(({ service }) => service.image)).toEqual([node, node]);
  });

  it("put plaintext xDS on a loopback that only Envoy and the control plane share", () => {
    expect(file.services["envoy"]?.network_mode).toBe("service:gatehouse");
    expect(file.services["gatehouse"]?.environment?.["GATEHOUSE_XDS_ADDRESS"]).toBe("127.0.0.1:18000");
  });
});

describe("the same commands, arguments, environment and files, run as processes", () => {
  let folder = "";
  let block: AddressBlock;
  let run: ComposeRun;
  let before: readonly string[] = [];
  let codes: ReadonlyMap<string, number | null> | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "gatehouse-compose-"));
    execFileSync("chmod", ["755", folder]);
    block = await claimAddressBlock(process.pid + 1);
    const image = buildImage(repository, folder);
    run = createComposeRun({ repository, folder, file, image, block: block.prefix });
    for (const { name } of services) await run.start(name);
    before = listTree(folder);
  }, 120_000);

  afterAll(async () => {
    codes ??= await run?.stop();
    await block?.release();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  it.each(["orders", "users"])("serve %s through the published port", async (backend) => {
    const answer = await askUntil(`/${backend}/1`, "8080", (status) => status === 200);
    expect(JSON.parse(answer.body)).toMatchObject({ backend, path: `/${backend}/1` });
  });

  it("answer 404 where no route matches", async () => {
    expect((await askUntil("/nobody", "8080", (status) => status === 404)).status).toBe(404);
  });

  it("show the debug pages on the published port", async () => {
    const answer = await ask("/debug/streams", "8082");
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ streams: [{ gateway: "gateways/shared" }] });
  });

  it("write no file and end well when they are told to", async () => {
    const after = listTree(folder);
    // The differences, and not the trees: those have tens of thousands of files.
    const [known, found] = [new Set(before), new Set(after)];
    const missing = before.filter((file) => !found.has(file));
    const written = after.filter((file) => !known.has(file));
    expect({ missing, written }).toEqual({ missing: [], written: [] });
    codes = await run.stop();
    expect([...codes].filter(([, code]) => code !== 0)).toEqual([]);
  }, 30_000);

  /** Asks the way a client on this machine would: the published port decides which port of the container it is. */
  function ask(path: string, published: string): Promise<{ readonly status: number; readonly body: string }> {
    const port = services
      .flatMap(({ service }) => service.ports ?? [])
      .find((text) => text.split(":")[1] === published);
    const target = { host: run.address("gatehouse"), port: Number(port?.split(":")[2]) };
    return new Promise((resolve, reject) => {
      const call = request(
        { ...target, path, agent: false, headers: { host: `127.0.0.1:${published}` } },
        (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (text: string) => {
            body += text;
          });
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      call.on("error", reject);
      call.end();
    });
  }

  async function askUntil(path: string, published: string, isGood: (status: number) => boolean) {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await ask(path, published).catch((error: Error) => error);
      if (!(answer instanceof Error) && isGood(answer.status)) return answer;
      if (attempt === 200)
        throw new Error(`${path}: ${JSON.stringify(answer)}; ${run.errors("envoy")}`, { cause: answer });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
});

describe("deploy/envoy/bootstrap.yaml", () => {
  it("is what `gatehouse bootstrap` prints", () => {
    const node = join(repository, ".tools/node/bin/node");
    const args = [join(repository, "src/main.ts"), "bootstrap", "--gateway", "gateways/shared"];
    const printed = execFileSync(node, args, { encoding: "utf8", env: {} });
    expect(readFileSync(join(repository, "deploy/envoy/bootstrap.yaml"), "utf8")).toBe(printed);
  });
});

function userOf(service: ComposeService): string {
  const last = stages.at(-1);
  return service.user ?? (last === undefined ? "root" : (lastOf(last, "USER") ?? "root"));
}

function listTree(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((path) => `${path} ${statSync(path).mtimeMs}`).sort();
}
