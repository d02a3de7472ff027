/** Runs inside a bed: asks the questions of its standard input one after the other, and prints the answers. */
import { text } from "node:stream/consumers";
import { askLayer4, type Layer4Answer, type Layer4Request } from "./layer4.ts";

// Written by whoever starts this.
const requests = JSON.parse(await text(process.stdin)) as readonly Layer4Request[];
const answers: Layer4Answer[] = [];
for (const request of requests) answers.push(await askLayer4(request));
// What was not answered is still waited for.
process.stdout.write(JSON.stringify(answers), () => process.exit());
