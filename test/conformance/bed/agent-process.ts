/** The process of the bed's node agent. */
import { startNodeAgent } from "./agent/main.ts";
import { readAgentSettings } from "./agent-settings.ts";

const [file = ""] = process.argv.slice(2);
await startNodeAgent(readAgentSettings(file));
