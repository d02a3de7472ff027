import { expect, it } from "vitest";
import type { ContainerSecurityContext, PodSecurityContext } from "./pod.ts";
import { type ProcessIdentity, processIdentity, setprivArguments } from "./security.ts";

function identityOf(
  inner: ContainerSecurityContext,
  outer: PodSecurityContext,
  imageUser: number,
): ProcessIdentity | string {
  const container = { name: "main", image: "image", securityContext: inner };
  const result = processIdentity({ containers: [container], securityContext: outer }, container, imageUser);
  return result.kind === "ok" ? result.identity : result.message;
}

it("the container's user wins over the pod's, and that over the image's", () => {
  expect(identityOf({ runAsUser: 1 }, { runAsUser: 2 }, 3)).toMatchObject({ user: 1, group: 0 });
  expect(identityOf({}, { runAsUser: 2, runAsGroup: 9 }, 3)).toMatchObject({ user: 2, group: 9 });
  expect(identityOf({}, {}, 3)).toMatchObject({ user: 3 });
});

it("runAsNonRoot refuses root, wherever the user comes from, and takes others", () => {
  expect(identityOf({}, { runAsNonRoot: true }, 0)).toContain("runAsNonRoot");
  expect(identityOf({ runAsNonRoot: true, runAsUser: 0 }, {}, 5)).toContain("runAsNonRoot");
  expect(identityOf({ runAsNonRoot: false }, { runAsNonRoot: true }, 0)).toMatchObject({ user: 0 });
  expect(identityOf({}, { runAsNonRoot: true }, 5)).toMatchObject({ user: 5 });
});

it("fsGroup is one of the groups", () => {
  expect(identityOf({}, { fsGroup: 7, supplementalGroups: [9, 3] }, 5)).toMatchObject({ groups: [3, 7, 9] });
});

it("capabilities are dropped and added to what a runtime gives", () => {
  const dropped = identityOf({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } }, {}, 5);
  expect(dropped).toMatchObject({ capabilities: ["net_bind_service"], ambient: ["net_bind_service"] });
  const some = identityOf({ capabilities: { drop: ["CHOWN"], add: ["CAP_SYS_TIME"] } }, {}, 0);
  expect(some).toMatchObject({ capabilities: expect.arrayContaining(["sys_time", "kill"]), ambient: [] });
  expect(some).not.toMatchObject({ capabilities: expect.arrayContaining(["chown"]) });
  expect(identityOf({}, {}, 5)).toMatchObject({ ambient: [] });
  expect(identityOf({ privileged: true }, {}, 0)).toMatchObject({ capabilities: undefined });
});

it("the identity becomes arguments of setpriv", () => {
  const identity: ProcessIdentity = {
    ...{ user: 5, group: 6, groups: [7, 8], capabilities: ["kill"], ambient: [] },
    ...{ noNewPrivileges: true, readOnlyRoot: false },
  };
  expect(setprivArguments(identity).join(" ")).toBe(
    "--reuid 5 --regid 6 --groups 7,8 --bounding-set -all,+kill --inh-caps -all --ambient-caps -all --no-new-privs --pdeathsig KILL",
  );
  const privileged = { ...identity, groups: [], capabilities: undefined, noNewPrivileges: false };
  expect(setprivArguments(privileged).join(" ")).toBe("--reuid 5 --regid 6 --clear-groups --pdeathsig KILL");
});
