import type { ServerResponse } from "node:http";
import { type LogQuery, logLine, readLog } from "./container-log.ts";
import type { ContainerRunner } from "./container-runner.ts";

/** Serves the log of a container, and follows it where the client asks for that. */
export function serveLogs(response: ServerResponse, query: URLSearchParams, runner: ContainerRunner): void {
  const log = runner.log(query.get("previous") === "true" ? "previous" : "current");
  if (log === undefined) {
    response.writeHead(400, { "content-type": "text/plain" }).end("there is no log of such a run\n");
    return;
  }
  const wanted = logQuery(query, Date.now());
  response.writeHead(200, { "content-type": "text/plain" });
  response.write(readLog(log.path, wanted));
  if (query.get("follow") !== "true") {
    response.end();
    return;
  }
  response.flushHeaders();
  const stop = log.follow((line) => {
    if (line === undefined) response.end();
    else response.write(logLine(line, wanted));
  });
  response.on("close", stop);
}

/** Reads what a client wants of a log; a number that is none is as if it were not there. */
export function logQuery(query: URLSearchParams, now: number): LogQuery {
  const tailLines = numberIn(query, "tailLines");
  const limitBytes = numberIn(query, "limitBytes");
  const seconds = numberIn(query, "sinceSeconds");
  const time = Date.parse(query.get("sinceTime") ?? "");
  const since = seconds === undefined ? (Number.isNaN(time) ? undefined : time) : now - seconds * 1000;
  return {
    timestamps: query.get("timestamps") === "true",
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(since === undefined ? {} : { since }),
  };
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
