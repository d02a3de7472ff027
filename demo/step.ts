/** One of the five articles that the demo walks through: what it starts from and its steps, as data. */
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
  readonly hostname: string;
  /** The manifest to write, below the article's folder. */
  readonly file: string;
}

/** A small HTTP server that says its name. */
export interface BackendSpec {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** One step: what somebody does to the manifests, what is asked afterwards and what must come back. */
export interface Step {
  readonly say: string;
  readonly do?: readonly Action[];
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
  | { readonly kind: "proxy"; readonly gateway: GatewayName };

/** One request as a client would send it. */
export interface DemoRequest {
  /** The Gateway whose address is asked. */
  readonly gateway: GatewayName;
  readonly scheme: "http" | "https";
  readonly host: string;
  /** The port of the listener; the demo asks the one that the unprivileged proxy has bound for it. */
  readonly port: number;
  readonly path: string;
}

/** What must come back. Everything that is present is compared, line by line. */
export interface Expectation {
  readonly answer?: ExpectedAnswer;
  readonly conditions?: readonly ExpectedCondition[];
  /** The files that the step touched, told by comparing the folder before and after. */
  readonly touched?: readonly string[];
  /** Lines of `gatehouse status`, each a list of words that one line must hold. */
  readonly table?: readonly StatusLine[];
  /** Said once everything is as expected. */
  readonly conclusion?: string;
}

export interface ExpectedAnswer {
  readonly status: number;
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
  /** The generation that it must speak of: proof that the last edit was read. */
  readonly generation?: number;
}

export interface StatusLine {
  /** The question as it would be put to a cluster. */
  readonly question: string;
  readonly args: readonly string[];
  readonly words: readonly string[];
}
