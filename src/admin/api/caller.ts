/** Somebody whom the API server knows. */
export interface Caller {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  /** What an authenticator adds, such as the pod of a token: authorizers may look at it. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const serviceAccountPrefix = "system:serviceaccount:";

/** The namespace of a service account; undefined for anybody else. */
export function accountNamespace({ user }: Caller): string | undefined {
  return user.startsWith(serviceAccountPrefix) ? user.slice(serviceAccountPrefix.length).split(":")[0] : undefined;
}

/** Names those who share one allowance: a namespace makes as many service accounts as it likes. */
export function allowanceKey(caller: Caller): string {
  const namespace = accountNamespace(caller);
  return namespace === undefined ? `user ${caller.user}` : `namespace ${namespace}`;
}
