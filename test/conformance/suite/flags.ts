/** What a run of the suite is to do. */
export interface SuiteRun {
  readonly profiles: readonly string[];
  readonly gatewayClass: string;
  readonly usableAddress: string;
  readonly unusableAddress: string;
  readonly reportFile: string;
  /** A part of the suite: what it may expect to be supported, and the tests to leave out. */
  readonly part?: { readonly features: readonly string[]; readonly leaveOut: readonly string[] };
  readonly version: string;
}

/** The arguments of the suite's binary. For the whole suite it takes the features from the GatewayClass's status. */
export function suiteFlags(run: SuiteRun): readonly string[] {
  const { part } = run;
  return [
    // In this form a test's result is printed when it has one, and not lost when the end of the suite fails.
    "-test.v=test2json",
    "-test.run=^TestConformance$",
    "-test.timeout=45m",
    // Tests that may run side by side wait for the cluster most of the time, more than two cores would let run.
    "-test.parallel=4",
    // The cluster goes after the run, and with it what all tests share; each test's own objects are deleted by the suite.
    "-cleanup-base-resources=false",
    `-gateway-class=${run.gatewayClass}`,
    `-conformance-profiles=${run.profiles.join(",")}`,
    `-usable-address=${run.usableAddress}`,
    `-unusable-address=${run.unusableAddress}`,
    // Whatever a Gateway's proxies need must be allowed where nothing else is.
    "-namespace-labels=pod-security.kubernetes.io/enforce=restricted",
    // Kubernetes looks at a namespace that ends again after half of its pods' grace period, and proxies have time to drain.
    "-timeout-config-overrides=DeleteTimeout:90",
    ...(part === undefined
      ? []
      : [`-supported-features=${part.features.join(",")}`, `-skip-tests=${part.leaveOut.join(",")}`]),
    ...reportFlags(run),
  ];
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
