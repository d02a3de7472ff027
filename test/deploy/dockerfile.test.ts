import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isInContext, parseCopy, parseDockerfile } from "./dockerfile.ts";

describe("parseDockerfile", () => {
  it("cuts at FROM and keeps the order of a stage's lines", () => {
    expect(parseDockerfile("# note\nFROM a:1 AS one\nRUN x y\n\nFROM b\nCOPY --from=one /a ./b\n")).toEqual([
      { name: "one", image: "a:1", instructions: [{ keyword: "RUN", rest: "x y" }] },
      { name: "1", image: "b", instructions: [{ keyword: "COPY", rest: "--from=one /a ./b" }] },
    ]);
  });

  it("refuses an instruction that the tests would pass over", () => {
    expect(() => parseDockerfile("FROM a\nADD x y")).toThrow("ADD x y");
  });
});

describe("parseCopy", () => {
  it("reads the stage, the sources and the target", () => {
    expect(parseCopy("--from=build /a ./b")).toEqual({ from: "build", sources: ["/a"], target: "./b" });
    expect(parseCopy("a b ./")).toEqual({ sources: ["a", "b"], target: "./" });
  });
});

describe(".dockerignore", () => {
  const ignore = readFileSync(fileURLToPath(new URL("../../.dockerignore", import.meta.url)), "utf8");

  it.each(["package.json", "src/main.ts", "proto/roots.ts", "src/translate/envoy/route.ts", "LICENSE"])(
    "lets %s through",
    (path) => expect(isInContext(ignore, path)).toBe(true),
  );

  it.each([
    ".git/config",
    "node_modules/x/index.js",
    ".tools/envoy/envoy",
    "proto/gen/descriptor.json",
    "src/config.test.ts",
    "src/translate/gateway.test.ts",
    "test/support/client.ts",
    "examples/x.yaml",
    "packages.json",
  ])("keeps %s out", (path) => expect(isInContext(ignore, path)).toBe(false));
});
