/** Asks Gatehouse one question, as a verb of its command line does: options and question come on standard input, as JSON. */
import { text } from "node:stream/consumers";
import { type AskedQuestion, type AskOptions, askGatehouse } from "../../../../src/cli/live.ts";

/** What the script reads. */
export interface LiveRequest {
  readonly options: AskOptions;
  readonly question: AskedQuestion;
}

// Written by the tests.
const { options, question } = JSON.parse(await text(process.stdin)) as LiveRequest;
process.stdout.write(JSON.stringify(await askGatehouse(options, question)));
