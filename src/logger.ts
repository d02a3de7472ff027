import { destination, type Logger, pino, stdTimeFunctions } from "pino";

export type { Logger } from "pino";

/** Makes the log of the process: JSON lines on standard error, so that standard output stays for what was asked for. */
export function createLogger(level: string): Logger {
  const stderr = 2;
  const options = { level, formatters: { bindings: () => ({}) }, timestamp: stdTimeFunctions.isoTime };
  return pino(options, destination({ dest: stderr, sync: true }));
}
