import type { Bed } from "../bed/start-bed.ts";

/** Somebody who has one of the three roles and nothing else; developers have theirs in their own namespace. */
export type Person = "infra-provider" | "cluster-operator" | `app-developer-of-${string}`;

/** Gives the first two roles, as the documentation says. */
export async function appointPeople(bed: Bed): Promise<void> {
  const roles = {
    "infra-provider": "gatehouse-infrastructure-provider",
    "cluster-operator": "gatehouse-cluster-operator",
  };
  for (const [person, role] of Object.entries(roles)) {
    await asAdministrator(bed, "create", "clusterrolebinding", person, `--clusterrole=${role}`, `--user=${person}`);
  }
}

/** Makes a namespace the one of its developer, who needs no role of ours: ours is part of `edit`. */
export async function appointDeveloper(bed: Bed, namespace: string): Promise<Person> {
  const person = `app-developer-of-${namespace}` as const;
  await bind(bed, { namespace, person, role: "edit" });
  return person;
}

/** Lets the cluster operator write what belongs to the Gateways of a namespace: certificates and parameters. */
export async function entrustGateways(bed: Bed, namespace: string): Promise<void> {
  for (const role of ["gatehouse-certificate-manager", "gatehouse-parameters-manager"]) {
    await bind(bed, { namespace, person: "cluster-operator", role });
  }
}

/** Runs kubectl as somebody. Throws what it says when the API server refuses. */
export async function kubectlAs(bed: Bed, person: Person, args: readonly string[], input?: object): Promise<string> {
  const given = input === undefined ? {} : { input: JSON.stringify(input) };
  const { code, stdout, stderr } = await bed.run(["kubectl", `--as=${person}`, ...args], given);
  if (code !== 0) throw new Error(`${person}: kubectl ${args.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

/** Applies objects as somebody. */
export async function applyAs(bed: Bed, person: Person, objects: readonly object[]): Promise<void> {
  await kubectlAs(bed, person, ["apply", "-f", "-"], listOf(objects));
}

/** Deletes objects as somebody. */
export async function deleteAs(bed: Bed, person: Person, objects: readonly object[]): Promise<void> {
  await kubectlAs(bed, person, ["delete", "-f", "-"], listOf(objects));
}

/** Runs kubectl with every right. */
export async function asAdministrator(bed: Bed, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await bed.run(["kubectl", ...args]);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

interface Binding {
  readonly namespace: string;
  readonly person: Person;
  readonly role: string;
}

async function bind(bed: Bed, { namespace, person, role }: Binding): Promise<void> {
  const place = ["--namespace", namespace, `--clusterrole=${role}`, `--user=${person}`];
  await asAdministrator(bed, "create", "rolebinding", `${person}.${role}`, ...place);
}

function listOf(items: readonly object[]): object {
  return { apiVersion: "v1", kind: "List", items };
}
