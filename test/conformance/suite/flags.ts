/** What a run of the suite is to do. */
export interface SuiteRun {
  readonly profile: string;
  readonly gatewayClass: string;
  readonly usableAddress: string;
  readonly unusableAddress: string;
  readonly reportFile: string;
  /** One test instead of all; then the suite wants to be told what the class supports. */
  readonly only?: { readonly test: string; readonly supportedFeatures: readonly string[] };
  readonly version: string;
}

/** The arguments of the suite's binary. Without features it takes those of the GatewayClass's status. */
export function suiteFlags(run: SuiteRun): readonly string[] {
  const { only } = run;
  return [
    // In this form a test's result is printed when it has one, and not lost when the end of the suite fails.
    "-test.v=test2json",
    "-test.run=^TestConformance$",
    "-test.timeout=45m",
    `-gateway-class=${run.gatewayClass}`,
    `-conformance-profiles=${run.profile}`,
    `-usable-address=${run.usableAddress}`,
    `-unusable-address=${run.unusableAddress}`,
    // Whatever a Gateway's proxies need must be allowed where nothing else is.
    "-namespace-labels=pod-security.kubernetes.io/enforce=restricted",
    // Kubernetes looks at a namespace that ends again after half of its pods' grace period, and proxies have time to drain.
    "-timeout-config-overrides=DeleteTimeout:90",
    ...(only === undefined ? reportFlags(run) : [`-run-test=${only.test}`, featuresFlag(only.supportedFeatures)]),
  ];
}

function featuresFlag(features: readonly string[]): string {
  return `-supported-features=${features.join(",")}`;
}

function reportFlags({ reportFile, version }: SuiteRun): readonly string[] {
  return [
    `-report-output=${reportFile}`,
    "-organization=gatehouse-dev",
    "-project=gatehouse",
    "-url=https://gatehouse.dev",
    `-version=${version}`,
    "-contact=@gatehouse-dev/maintainers",
  ];
}
