import { route } from "./manifests.ts";
import { type PickyGateway, startPickyGateway } from "./picky-gateway.ts";

interface Shown {
  readonly statuses: readonly {
    readonly status: { readonly ancestors?: readonly { conditions: ShownCondition[] }[] };
  }[];
}

interface ShownCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Starts a picky gateway and its proxy, with a route for `web.example.com`. */
export async function startPickyWeb(): Promise<PickyGateway> {
  const gateway = await startPickyGateway(async (manifests) => {
    await manifests.write(
      "web.yaml",
      route("web", { host: "web.example.com", rules: [{ path: "/", backend: "web" }] }),
    );
  });
  await gateway.startEnvoy();
  return gateway;
}

/** What the owner of a BackendTLSPolicy of `shop` is told, a line for each condition. */
export async function toldPolicy({ debug }: Pick<PickyGateway, "debug">, name: string): Promise<readonly string[]> {
  const { statuses } = (await debug(
    `/debug/status?kind=BackendTLSPolicy&namespace=shop&name=${name}`,
  )) as unknown as Shown;
  const conditions = statuses[0]?.status.ancestors?.[0]?.conditions ?? [];
  return conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason} ${message}`.trim());
}
