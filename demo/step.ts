/** One part of what the demo walks through: what it starts from and its steps, as data. */
export interface Article {
  /** Its folder below the examples. */
  readonly folder: string;
  readonly title: string;
  /** Files that a later step adds; they are held back at the start. */
  readonly later: readonly string[];
  readonly certificates: readonly CertificateRequest[];
  readonly backends: readonly BackendSpec[];
  /** Gateways whose proxy runs from the start. */
  readonly gateways: readonly GatewayName[];
  readonly steps: readonly Step[];
}

/** A Gateway as `namespace/name`. */
export type GatewayName = `${string}/${string}`;

/** A server certificate to make on the spot, and the Secret to put it in. */
export interface CertificateRequest {
  readonly secret: string;
  readonly hostnames: readonly string[];
  /** The manifest to write, below the article's folder. */
  readonly file: string;
}

/** A small server that says its name. */
export interface BackendSpec {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** HTTP unless told; `tls` is HTTPS, with a certificate for `hostname`. */
  readonly speaks?: "http" | "grpc" | "tls" | "tcp" | "udp";
  readonly hostname?: string;
}

/** One step: what somebody does to the manifests, what is asked afterwards and what must come back. */
export interface Step {
  /** The title of the chapter that begins with this step. */
  readonly chapter?: string;
  readonly say: string;
  readonly do?: readonly Action[];
  /** What somebody wants to apply after that; it is asked about and not stored. */
  readonly apply?: Application;
  readonly request?: DemoRequest;
  readonly expect: Expectation;
}

/** What a step does before it asks. Files are named below the article's folder. */
export type Action =
  /** Sets a value in one document of a file, or takes it out when `value` is absent. */
  | {
      readonly kind: "edit";
      readonly file: string;
      /** The document's `metadata.name`, for a file with several. */
      readonly name?: string;
      readonly path: readonly (string | number)[];
      readonly value?: unknown;
    }
  /** Adds a file that was held back. */
  | { readonly kind: "add"; readonly file: string }
  | { readonly kind: "remove"; readonly file: string }
  /** Starts the proxy of a Gateway. */
  | { readonly kind: "proxy"; readonly gateway: GatewayName }
  /** Begins to ask again and again, in the background: every answer counts from now on, until `quiet`. */
  | { readonly kind: "traffic"; readonly request: DemoRequest; readonly backend: string }
  | { readonly kind: "quiet" };

/** Changes of files, as somebody gives them to `kubectl apply`. */
export interface Application {
  readonly as: KubernetesUser;
  readonly changes: readonly FileAction[];
}

/** A change of manifests. */
export type FileAction = Extract<Action, { readonly file: string }>;

/** Who asks an API server. */
export interface KubernetesUser {
  readonly username: string;
  readonly groups: readonly string[];
}

/** One request as a client would send it. */
export interface DemoRequest {
  /** The Gateway whose address is asked. */
  readonly gateway: GatewayName;
  /** `tcp` and `udp` send a line and read what comes back. */
  readonly scheme: "http" | "https" | "grpc" | "tcp" | "udp";
  readonly host: string;
  /** The port of the listener; the demo asks the one that the unprivileged proxy has bound for it. */
  readonly port: number;
  readonly path: string;
}

/** What must come back. Everything that is present is compared, line by line. */
export interface Expectation {
  readonly answer?: ExpectedAnswer;
  /** What the webhook says about `apply`, word for word. */
  readonly refusal?: string;
  readonly conditions?: readonly ExpectedCondition[];
  /** `Kind namespace/name` of what the control plane must know nothing of any more. */
  readonly gone?: string;
  /** The files that the step touched, told by comparing the folder before and after. */
  readonly touched?: readonly string[];
  /** Lines of `gatehouse status`, each a list of words that one line must hold. */
  readonly table?: readonly StatusLine[];
  /** What other commands of `gatehouse` print. */
  readonly commands?: readonly CommandOutput[];
  /** Said once everything is as expected. */
  readonly conclusion?: string;
}

export interface ExpectedAnswer {
  /** Absent where something comes back that has none. */
  readonly status?: number;
  /** The backend that answers; absent where the proxy itself answers. */
  readonly backend?: string;
  /** The path that the backend must have seen, where the route rewrites it. */
  readonly backendPath?: string;
  readonly header?: { readonly name: string; readonly value: string };
  /** The route and rule that the access log must tell; absent where no route may match. */
  readonly served?: { readonly route: string; readonly rule: number };
  /** Asked again and again: not one of the answers may differ. */
  readonly times?: number;
}

export interface ExpectedCondition {
  /** `Kind namespace/name`. */
  readonly object: string;
  /** The parent, `namespace/name`, for the status of a route. */
  readonly parent?: string;
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
  /** The generation that it must speak of: proof that the last edit was read. */
  readonly generation?: number;
}

export interface StatusLine {
  /** The question as it would be put to a cluster. */
  readonly question: string;
  readonly args: readonly string[];
  readonly words: readonly string[];
}

/** A command of `gatehouse`, and what must stand in what it prints. */
export interface CommandOutput {
  readonly args: readonly string[];
  readonly exitCode: number;
  /** For each of these, one line must hold all its words; the lines come in this order. */
  readonly lines: readonly (readonly string[])[];
}
