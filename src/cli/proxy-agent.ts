import type { Command } from "commander";
import { proxyPorts } from "../core/fleet.ts";
import { createLogger } from "../logger.ts";
import { keepHeapSmall } from "../memory.ts";
import { type Flags, logLevels, type Setting, SettingsReader } from "../settings.ts";
import { type CommandIo, exitCodes } from "./command-io.ts";
import { optionOf, runUntilStopped } from "./run-until-stopped.ts";

const settings = {
  drainToken: { flag: "drain-token", value: "TOKEN", description: "what a drain has to be asked with (required)" },
  agentAddress: {
    flag: "agent-address",
    value: "HOST:PORT",
    default: `0.0.0.0:${proxyPorts.drain}`,
    description: "where the kubelet asks for a drain",
  },
  envoyAdmin: {
    flag: "envoy-admin",
    value: "HOST:PORT",
    default: `127.0.0.1:${proxyPorts.admin}`,
    description: "the admin page of the Envoy in this pod",
  },
  drainQuietSeconds: {
    flag: "drain-quiet-seconds",
    value: "N",
    default: "5",
    description: "how long a drain takes at least, so that clients are sent elsewhere first",
  },
  drainMostSeconds: {
    flag: "drain-most-seconds",
    value: "N",
    default: "60",
    description: "when requests that are still under way are given up",
  },
  logLevel: { flag: "log-level", value: "LEVEL", default: "info", description: logLevels.join(", ") },
} as const satisfies Record<string, Setting>;

type Name = keyof typeof settings;

/** Adds `gatehouse proxy-agent`, which runs beside Envoy in a pod and drains it before the pod goes. */
export function addProxyAgent(program: Command, io: CommandIo): void {
  const command = program.command("proxy-agent").description("drain the Envoy of this pod before the pod goes");
  for (const setting of Object.values(settings)) command.addOption(optionOf(setting));
  command.action(async (flags: Flags<Name>) => {
    const reader = new SettingsReader<Name>(settings, flags, io.environment);
    const token = reader.required("drainToken");
    const [address, envoyAdmin] = [reader.listenAddress("agentAddress"), reader.listenAddress("envoyAdmin")];
    const quietMs = readSeconds(reader, "drainQuietSeconds") * 1000;
    const times = { quietMs, mostMs: readSeconds(reader, "drainMostSeconds") * 1000, pollMs: 200 };
    const logger = createLogger(reader.oneOf("logLevel", logLevels) || "info");
    if (reader.problems.length > 0) {
      for (const problem of reader.problems) io.stderr.write(`error: ${problem}\n`);
      io.exitWith(exitCodes.usage);
      return;
    }
    keepHeapSmall();
    // Each proxy has one of these beside it: it loads nothing of the control plane.
    const { startAgent } = await import("../agent/agent.ts");
    await runUntilStopped(
      async () => {
        const agent = await startAgent({ address, envoyAdmin, token, times, logger });
        return { ready: Promise.resolve(), stop: () => agent.stop() };
      },
      logger,
      io,
    );
  });
}

function readSeconds(reader: SettingsReader<Name>, name: Name): number {
  const seconds = Number(reader.required(name));
  if (seconds >= 0 && seconds <= 3_600) return seconds;
  reader.refuse(name, "must be a number of seconds up to an hour");
  return 0;
}
