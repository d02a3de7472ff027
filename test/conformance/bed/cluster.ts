/** `make cluster` and `make cluster-down`: a bed that stays until it is taken down. */
import { parseArgs } from "node:util";
import { stateFolder } from "../suite/places.ts";
import type { CrdSelection } from "./crds.ts";
import { type BedLayout, layoutOf } from "./layout.ts";
import { missingForBed } from "./prerequisites.ts";
import { startBed } from "./start-bed.ts";
import { endBed } from "./stop-bed.ts";
import { usualState, writeWrappers } from "./wrappers.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    state: { type: "string", default: usualState },
    crds: { type: "string", default: "v1.7.0" },
    channel: { type: "string", default: "standard" },
  },
});

const missing = missingForBed();
if (missing !== undefined) {
  console.error(missing);
  process.exit(1);
}
const [action = "up"] = positionals;
const layout = layoutOf(values.state);
if (action === "down") {
  await endBed(layout);
  // What a run of the suite left up (STAY=1), or could not end.
  if (layout.stateDirectory === usualState) await endBed(layoutOf(stateFolder));
} else if (action === "up") await bringUp(layout, selectionOf(values));
else throw new Error(`there is nothing to do for "${action}": up or down`);

async function bringUp({ stateDirectory }: BedLayout, crds: CrdSelection): Promise<void> {
  const started = performance.now();
  const bed = await startBed({ stateDirectory, crds });
  bed.api.close();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`The cluster runs (${seconds} s), with the Gateway API's CRDs ${crds.version} (${crds.channel}).
${writeWrappers(bed.layout)}
  make cluster-down   ends it and removes every trace`);
}

function selectionOf({ crds, channel }: { readonly crds: string; readonly channel: string }): CrdSelection {
  if (channel !== "standard" && channel !== "experimental") throw new Error(`there is no channel "${channel}"`);
  return { version: crds, channel };
}
