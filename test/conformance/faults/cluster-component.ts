import { bedNetwork } from "../bed/layout.ts";
import type { Bed } from "../bed/start-bed.ts";

/** Stops a program of the cluster where it is, as if its machine had frozen; answers how to let it go on. */
export async function freezeComponent(bed: Bed, name: "kube-apiserver"): Promise<() => Promise<void>> {
  const find = `for file in /proc/[0-9]*/cmdline; do
      [ "$(tr '\\0' '\\n' <"$file" 2>/dev/null | sed -n 2p)" = ${name} ] && echo "$file" | cut -d/ -f3
    done; true`;
  const { stdout } = await bed.run(["sh", "-c", find]);
  const pids = stdout.trim().split("\n");
  const [pid = ""] = pids;
  if (pids.length !== 1 || !/^\d+$/.test(pid)) throw new Error(`${name} is not one process: ${stdout}`);
  const send = async (signal: string): Promise<void> => {
    const { code, stderr } = await bed.run(["kill", `-${signal}`, pid]);
    if (code !== 0) throw new Error(stderr);
  };
  await send("STOP");
  return () => send("CONT");
}

/** Resets every connection of pods to the API server, which others still reach; answers how to let them through again. */
export async function cutPodsFromApi(bed: Bed): Promise<() => Promise<void>> {
  const rule = `iifname != "lo" tcp dport ${bedNetwork.apiServerPort} reject with tcp reset`;
  const rules = `table inet cutapi { chain in { type filter hook input priority -200; ${rule}; }; }`;
  const nft = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await bed.run(["nft", ...args]);
    if (code !== 0) throw new Error(stderr);
  };
  await nft(rules);
  return () => nft("delete", "table", "inet", "cutapi");
}
