/** Runs inside a bed: sends the requests of its standard input one after the other, and prints the answers. */
import { text } from "node:stream/consumers";
import { type ClientAnswer, type ClientRequest, sendRequest } from "./request.ts";

// Written by whoever starts this.
const requests = JSON.parse(await text(process.stdin)) as readonly ClientRequest[];
const answers: ClientAnswer[] = [];
for (const request of requests) answers.push(await sendRequest(request));
process.stdout.write(JSON.stringify(answers));
