import { type ChildProcess, spawn } from "node:child_process";
import { type ContainerProcess, enterCommand, toolPath } from "./container-process.ts";
import { quote } from "./launch-script.ts";

/** Starts a command inside a running container; undefined when the container does not run. */
export function enterContainer(
  container: ContainerProcess,
  command: readonly string[],
  terminal: "terminal" | "pipes",
): ChildProcess | undefined {
  const pid = container.pid;
  if (pid === undefined) return undefined;
  const line = enterCommand(pid, container.input, command);
  // Node makes no terminals; script(1) does, and hands on the exit status.
  const [program = "false", ...args] =
    terminal === "terminal" ? ["script", "-qefc", `exec ${line.map(quote).join(" ")}`, "/dev/null"] : line;
  return spawn(program, args, { stdio: "pipe", env: { PATH: toolPath, SHELL: "/bin/sh" } });
}

/** Runs a command inside a container, without input; answers its exit status, undefined when it took too long. */
export function executeInContainer(
  container: ContainerProcess,
  command: readonly string[],
  timeoutMs: number,
): Promise<number | undefined> {
  const child = enterContainer(container, command, "pipes");
  if (child === undefined) return Promise.resolve(126);
  child.stdin?.end();
  child.stdout?.resume();
  child.stderr?.resume();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve(undefined);
    }, timeoutMs);
    child.on("error", () => resolve(126));
    child.on("exit", (code) => {
      clearTimeout(timer);
      resolve(code ?? 137);
    });
  });
}
