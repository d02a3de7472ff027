/** Measures one shape and size in a process of its own and prints it as JSON: `node one-size.ts SHAPE ROUTES CHANGES`. */
import { keepHeapSmall } from "../../src/memory.ts";
import { summarize } from "./samples.ts";
import { translateWorld } from "./translation.ts";
import type { Shape } from "./world.ts";

const shapes: readonly Shape[] = ["hostnames", "paths", "no hostname", "wildcards"];
const [shapeName, routes, changes] = process.argv.slice(2);
const shape = shapes.find((name) => name === shapeName);
if (shape === undefined) throw new Error(`there is no shape ${shapeName}`);

// As `gatehouse serve` does.
keepHeapSmall();
const resident = () => process.memoryUsage.rss() / 2 ** 20;
const emptyMiB = resident();
const world = translateWorld(shape, Number(routes));
const translatedMiB = resident();
world.change(Number(changes));
world.change(Number(changes));
const costs = world.change(Number(changes));
console.log(
  JSON.stringify({
    shape,
    routes: Number(routes),
    full: world.full,
    change: summarize(costs.wallMs),
    changeCpuMs: costs.cpuMs,
    bytes: summarize(costs.bytes),
    emptyMiB,
    translatedMiB,
    afterChangesMiB: resident(),
    samplesMs: costs.wallMs,
  }),
);
