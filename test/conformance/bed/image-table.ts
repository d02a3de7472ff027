import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BinaryPaths } from "./binaries.ts";
import type { ImageProgram, ImageTable } from "./images.ts";

/** The images that the bed can run: those of the official suite, Envoy, and Gatehouse itself from this checkout. */
export function bedImages({ echoBasic, coredns }: BinaryPaths): ImageTable {
  return [
    { ...plainImage, repository: "echo-basic", entrypoint: [echoBasic] },
    { ...plainImage, repository: "coredns", entrypoint: [coredns] },
    {
      ...plainImage,
      repository: "envoyproxy/envoy",
      entrypoint: ["envoy"],
      cmd: ["-c", "/etc/envoy/envoy.yaml"],
      programs: { envoy: [join(checkout, ".tools/envoy/envoy")] },
      user: nonRoot,
    },
    gatehouseImage(),
  ];
}

const checkout = fileURLToPath(new URL("../../..", import.meta.url));

/** The user of images that are built on a distroless non-root one. */
const nonRoot = 65532;

const plainImage = { cmd: [], programs: {}, env: {}, user: 0, workingDirectory: "/" } satisfies Partial<ImageProgram>;

/** What the Dockerfile builds, run from its sources. */
function gatehouseImage(): ImageProgram {
  const node = process.execPath;
  const main = [node, "--enable-source-maps", join(checkout, "src/main.ts")];
  return {
    repository: "gatehouse",
    entrypoint: main,
    cmd: ["serve"],
    programs: { node: [node], gatehouse: main },
    env: { NODE_ENV: "production" },
    user: nonRoot,
    workingDirectory: "/",
  };
}
