import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printListener } from "../../src/translate/envoy/listener.ts";
import { logFormatProblem, logOperators } from "../../src/translate/envoy/log-format.ts";
import { eventually } from "../support/envoy.ts";
import { httpListener } from "./hostname-world.ts";
import { startProxy, type TestProxy } from "./proxy.ts";

/** A listener for each format, in a response of its own. */
describe("access log formats on a real Envoy", () => {
  let proxy: TestProxy;

  beforeAll(async () => {
    proxy = await startProxy();
  });

  afterAll(() => proxy.stop());

  const refusals = async (text: string): Promise<readonly string[]> => {
    const before = proxy.ads.refusals.length;
    const node = { ...httpListener(proxy.address), accessLog: { format: "Text", text } as const };
    proxy.ads.push(printListener(node, () => "plain"));
    await eventually("Envoy answers", () => proxy.ads.settled());
    return proxy.ads.refusals.slice(before).map(({ message }) => message);
  };

  const argumentOf: Readonly<Record<string, string>> = { METADATA: "ROUTE:gatehouse.dev:route" };
  const written = [...logOperators].flatMap(([name, form]) => {
    const command = form === "bare" ? name : `${name}(${argumentOf[name] ?? "x-a?x-b"})`;
    return [`%${command}%`, `%${command}:7%`];
  });

  it.each(written)("one that we take is taken: %s", async (format) => {
    if (logFormatProblem(format) !== undefined) return;
    expect(await refusals(format)).toEqual([]);
  });

  it.each(["TCP", "UDP"] as const)("all of them are taken where %s is forwarded", async (protocol) => {
    const text = written.filter((format) => logFormatProblem(format) === undefined).join(" ");
    const before = proxy.ads.refusals.length;
    const chains = [{ kind: "layer4", listener: "l", protocol, hostname: "" }] as const;
    const { gateway } = httpListener(proxy.address);
    const node = { gateway, name: `${protocol}-9300`, port: 9300, addresses: [proxy.address], bindPort: 9300, chains };
    proxy.ads.push(printListener({ ...node, accessLog: { format: "Text", text } }, () => "plain"));
    await eventually("Envoy answers", () => proxy.ads.settled());
    expect(proxy.ads.refusals.slice(before)).toEqual([]);
  });

  it.each(["ROUTE", "CLUSTER", "UPSTREAM_HOST", "LISTENER", "VIRTUAL_HOST", "DYNAMIC"])(
    "metadata of the place %s",
    async (place) => {
      const format = `%METADATA(${place}:a:b)% %METADATA(${place}:a.b/c)%`;
      expect(logFormatProblem(format)).toBeUndefined();
      expect(await refusals(format)).toEqual([]);
    },
  );

  it.each(["%PROTOCOL:5%", "%METADATA(NONSENSE:a)%", "%PROTOCOL(x)%", "%REQ%", "%NONSENSE%"])(
    "one that Envoy refuses is refused by us: %s",
    async (format) => {
      expect(logFormatProblem(format)).toEqual(expect.any(String));
      expect(await refusals(format)).not.toEqual([]);
    },
  );

  it.each(["%ENVIRONMENT(PATH)%", "%FILE_CONTENT(/etc/passwd)%", "%CEL(request.path)%", "%DYNAMIC_METADATA(a)%"])(
    "%s is refused by us, whatever Envoy says",
    (format) => {
      expect(logFormatProblem(format)).toEqual(expect.stringContaining("is not a command operator"));
    },
  );
});
