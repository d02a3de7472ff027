import { everyHost, type Hostname, wildcardsAbove } from "../../core/hostname.ts";
import type { ForwardedAnswer, ForwardingChange, OwnerChange } from "../../core/world-diff.ts";
import { closedBackend } from "../../translate/decide/closed-backend.ts";
import { explainBackend } from "../../translate/decide/rule-answer.ts";
import type { EnvoyListener } from "../../translate/nodes.ts";
import { type ForwardedNames, forwardedNames } from "../forwarded-places.ts";
import { describeBackends } from "./answers.ts";
import type { IsForeign } from "./owners.ts";
import type { Snapshot } from "./snapshot.ts";

/** What becomes of what is forwarded as it is. */
export interface ForwardingChanges {
  /** Ports and server names that another route has. */
  readonly owners: readonly OwnerChange[];
  /** Those whose connections or datagrams go elsewhere, whoever has them. */
  readonly forwarded: readonly ForwardingChange[];
}

/** Compares who has which port and server name, and where it leads. */
export function changedForwarding(before: Snapshot, after: Snapshot, isForeign: IsForeign): ForwardingChanges {
  const [old, young] = [listenersOf(before), listenersOf(after)];
  const changes = [...new Set([...old.keys(), ...young.keys()])].sort().flatMap((key): readonly Fate[] => {
    const [was, is] = [namesAt(before, old.get(key)), namesAt(after, young.get(key))];
    const listener = young.get(key) ?? old.get(key);
    if (listener === undefined) return [];
    return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((name): readonly Fate[] => {
      const [from, to] = [fallsUnder(was, name), fallsUnder(is, name)];
      const protocol = to?.protocol ?? from?.protocol;
      if (protocol === undefined) return [];
      const place = { gateway: listener.gateway, port: listener.port, hostname: name === everyHost ? "*" : name };
      const answers = { before: answerOf(before, from, protocol), after: answerOf(after, to, protocol) };
      const foreign = isForeign(from?.winner?.route) || isForeign(to?.winner?.route);
      return [{ ...place, protocol, ...answers, foreign }];
    });
  });
  return {
    owners: changes.filter((each) => each.before.route !== each.after.route).map(ownerChange),
    forwarded: changes.filter((each) => each.before.answer !== each.after.answer),
  };
}

/** What becomes of a name, whether or not it did before. */
type Fate = ForwardingChange;
type Protocol = ForwardingChange["protocol"];

function ownerChange({ gateway, port, hostname, before, after, foreign }: Fate): OwnerChange {
  return {
    ...{ gateway, port, hostname },
    ...(before.route !== undefined && { before: before.route }),
    ...(after.route !== undefined && { after: after.route }),
    foreign,
  };
}

function listenersOf({ routing }: Snapshot): ReadonlyMap<string, EnvoyListener> {
  return new Map(routing.envoyListeners.entries());
}

function namesAt({ routing }: Snapshot, listener: EnvoyListener | undefined): ForwardedNames {
  return listener === undefined ? new Map() : forwardedNames(routing, listener);
}

type Forwarded = NonNullable<ReturnType<ForwardedNames["get"]>>;

/** Where a name is not told apart, a wider one has it. */
function fallsUnder(names: ForwardedNames, name: Hostname): Forwarded | undefined {
  const found = [name, ...wildcardsAbove(name), everyHost].find((each) => names.has(each));
  return found === undefined ? undefined : names.get(found);
}

function answerOf({ routing }: Snapshot, forwarded: Forwarded | undefined, protocol: Protocol): ForwardedAnswer {
  const nothing = protocol === "UDP" ? "dropped" : "closed";
  const { winner, passesTls = false } = forwarded ?? {};
  if (winner === undefined) return { answer: nothing };
  const { route, namespace, gateway, rule } = winner;
  const isUsable = rule.backends.some(
    (backend) =>
      backend.kind === "cluster" &&
      backend.weight > 0 &&
      (passesTls || closedBackend(routing, { gateway, cluster: backend.cluster, namespace }) === undefined),
  );
  if (!isUsable) return { answer: nothing, route };
  return { answer: `forward to ${describeBackends(rule.backends.map(explainBackend), nothing)}`, route };
}
