import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ImageProgram } from "../images.ts";
import { type PlanResult, planContainer } from "./container-plan.ts";
import type { ContainerSpec, VolumeSpec } from "./pod.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plan-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const image: ImageProgram = {
  ...{ repository: "server", entrypoint: ["serve"], cmd: ["--default"], programs: { serve: ["/bin/sh", "-x"] } },
  ...{ env: { MODE: "image" }, user: 5, workingDirectory: "/srv" },
};

function plan(fields: Partial<ContainerSpec>, volumes: readonly VolumeSpec[] = [], table = [image]): PlanResult {
  const container = { name: "main", image: "registry.test/server:1", ...fields };
  return planContainer({
    ...{ pod: { metadata: { name: "p", namespace: "team" }, spec: { containers: [container], volumes } }, container },
    place: { podAddress: "10.244.1.1", nodeAddress: "10.244.0.1", nodeName: "bed" },
    objects: { secret: () => undefined, configMap: () => undefined },
    images: table,
    volume: (name) => join(folder, name),
    kubernetesService: { host: "10.96.0.1", port: 443 },
    ...{ directory: folder, etc: folder, output: join(folder, "output"), hostname: "p" },
  });
}

it.each([
  { name: "the image's own", fields: {}, want: ["/bin/sh", "-x", "--default"] },
  { name: "arguments instead of the image's", fields: { args: ["-a"] }, want: ["/bin/sh", "-x", "-a"] },
  { name: "a command instead of all", fields: { command: ["other"] }, want: ["other"] },
  {
    name: "a command that names the image's program",
    fields: { command: ["serve"], args: ["b"] },
    want: ["/bin/sh", "-x", "b"],
  },
  { name: "variables in arguments", fields: { args: ["$(MODE)-$(NONE)"] }, want: ["/bin/sh", "-x", "image-$(NONE)"] },
])("what runs is $name", ({ fields, want }) => {
  expect(plan(fields)).toMatchObject({ kind: "ok", command: want });
});

it("an image that no program stands for is not pulled", () => {
  expect(plan({ image: "nginx" })).toMatchObject({ kind: "waiting", reason: "ErrImagePull" });
});

it("the working directory is the container's, or the image's", () => {
  expect(plan({})).toMatchObject({ plan: { workingDirectory: "/srv" } });
  expect(plan({ workingDir: "/data" })).toMatchObject({ plan: { workingDirectory: "/data" } });
});

it("only folders of the pod's own can be written to, and a file is mounted as a file", () => {
  mkdirSync(join(folder, "conf"));
  writeFileSync(join(folder, "conf/a"), "1");
  const volumes = [
    { name: "data", emptyDir: {} },
    { name: "conf", configMap: { name: "conf" } },
  ];
  const volumeMounts = [
    { name: "data", mountPath: "/data" },
    { name: "data", mountPath: "/part", subPathExpr: "$(MODE)", readOnly: true },
    { name: "conf", mountPath: "/etc/a", subPath: "a" },
  ];
  expect(plan({ volumeMounts }, volumes)).toMatchObject({
    plan: {
      mounts: [
        { source: join(folder, "data"), target: "/data", kind: "folder", readOnly: false },
        { source: join(folder, "data/image"), target: "/part", kind: "folder", readOnly: true },
        { source: join(folder, "conf/a"), target: "/etc/a", kind: "file", readOnly: true },
      ],
    },
  });
});

it("programs that a container's own /tmp would hide are mounted, whoever may pass the folders above them", () => {
  const hidden = mkdtempSync("/tmp/plan-");
  const open = mkdtempSync("/var/tmp/plan-");
  try {
    for (const place of [hidden, open]) writeFileSync(join(place, "program"), "");
    chmodSync(hidden, 0o755);
    const programs = { one: [join(hidden, "program")], two: [join(open, "program")] };
    const found = plan({}, [], [{ ...image, programs }]);
    expect(found).toMatchObject({
      plan: { mounts: [{ source: hidden, target: hidden, readOnly: true }], passable: [open] },
    });
  } finally {
    for (const place of [hidden, open]) rmSync(place, { recursive: true });
  }
});
