import {
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import type { ConvergenceQuestion, ReplicaCounts } from "../core/convergence.ts";
import type { NamespacedName } from "../core/keys.ts";
import type { TlsMaterialSource } from "../core/tls-material.ts";
import { formatListenAddress } from "../settings.ts";
import { convergenceMethod, decodeQuestions, encodeAnswers } from "./convergence-method.ts";
import { createServerCredentials, replicaUntil } from "./peer-credentials.ts";
import { decodePeerMessage, maxMessageBytes, type PeerMessage } from "./peer-message.ts";
import type { PeerReports } from "./peer-reports.ts";
import { type PeerLog, reportMethod } from "./report-method.ts";

export interface PeerServerOptions {
  /** An IP address. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly material: TlsMaterialSource;
  readonly trustDomain: string;
  /** Where the reports of the other replicas go. */
  readonly reports: PeerReports;
  /** Answers what other replicas ask about the proxies of this one; without it they get no answer. */
  readonly onConvergence?: (question: ConvergenceQuestion) => ReplicaCounts;
  readonly log: PeerLog;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** How often it is asked whether the certificates of open connections are still good; 30 s by default. */
  readonly recheckMs?: number;
}

export type PeerStartResult =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "refused"; readonly message: string };

/** Listens to the other replicas. Every replica does, whoever leads. */
export interface PeerServer {
  start(): Promise<PeerStartResult>;
  stop(): Promise<void>;
}

/** Creates the server on which a replica hears what the proxies of the others have said. */
export function createPeerServer(options: PeerServerOptions): PeerServer {
  const server = new Server(transportOptions);
  const registry = new PeerRegistry(options);
  server.addService(
    { Report: reportMethod, Convergence: convergenceMethod },
    {
      Report: (call: PeerCall) => registry.accept(call),
      Convergence: (call: QuestionCall, respond: sendUnaryData<Buffer>) => answerQuestions(options, call, respond),
    },
  );
  return {
    start: () => listen(server, options),
    stop: async () => {
      registry.stop();
      server.forceShutdown();
    },
  };
}

type PeerCall = ServerDuplexStream<Buffer, Buffer>;
type QuestionCall = ServerUnaryCall<Buffer, Buffer>;

const transportOptions = {
  "grpc.max_receive_message_length": maxMessageBytes,
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.max_concurrent_streams": 4,
};

/** More replicas than anybody runs, and more Gateways than anybody has. */
const maxReplicas = 64;
const maxGateways = 50_000;

async function listen(server: Server, { host, port, material }: PeerServerOptions): Promise<PeerStartResult> {
  return await new Promise((resolve) => {
    server.bindAsync(formatListenAddress({ host, port }), createServerCredentials(material), (error, bound) => {
      resolve(error === null ? { kind: "listening", port: bound } : { kind: "refused", message: error.message });
    });
  });
}

function answerQuestions(options: PeerServerOptions, call: QuestionCall, respond: sendUnaryData<Buffer>): void {
  const { onConvergence, log } = options;
  if (provenUntil(options, call) === undefined) {
    log.warn({ peer: call.getPeer() }, "question refused: the peer has not proven that it is a replica");
    respond({ code: status.PERMISSION_DENIED, details: notAReplica });
    return;
  }
  const questions = decodeQuestions(call.request);
  if (questions === undefined) respond({ code: status.INVALID_ARGUMENT, details: "the questions cannot be read" });
  else if (onConvergence === undefined) respond({ code: status.UNIMPLEMENTED, details: "no proxies are served here" });
  else respond(null, encodeAnswers(questions.map(onConvergence)));
}

const notAReplica = "the client certificate is that of no replica";

/** Until when a caller has proven that it is a replica; undefined when it has not, or not any more. */
function provenUntil(
  { trustDomain, clock }: PeerServerOptions,
  call: Pick<QuestionCall, "getAuthContext">,
): number | undefined {
  const until = replicaUntil(call.getAuthContext().sslPeerCertificate?.raw, trustDomain);
  return until === undefined || until < clock() ? undefined : until;
}

interface Connection {
  readonly call: PeerCall;
  /** When its certificate ends, in milliseconds since the epoch. */
  readonly until: number;
  /** Gateways of which it has told something. */
  readonly gateways: Set<NamespacedName>;
  replica: string | undefined;
}

/** Knows which replica is on which connection: the newest of a replica counts. */
class PeerRegistry {
  readonly #options: PeerServerOptions;
  readonly #connections = new Set<Connection>();
  readonly #byReplica = new Map<string, Connection>();
  readonly #rechecks: NodeJS.Timeout;

  constructor(options: PeerServerOptions) {
    this.#options = options;
    this.#rechecks = setInterval(() => this.#recheck(), options.recheckMs ?? 30_000);
    this.#rechecks.unref();
  }

  stop(): void {
    clearInterval(this.#rechecks);
    for (const connection of [...this.#connections]) this.#close(connection);
  }

  accept(call: PeerCall): void {
    const until = provenUntil(this.#options, call);
    if (until === undefined) {
      const { log } = this.#options;
      log.warn({ peer: call.getPeer() }, "connection refused: the peer has not proven that it is a replica");
      end(call, status.PERMISSION_DENIED, notAReplica);
      return;
    }
    const connection: Connection = { call, until, gateways: new Set(), replica: undefined };
    this.#connections.add(connection);
    const close = () => this.#close(connection);
    call.on("data", (bytes: Buffer) => this.#receive(connection, bytes));
    call.on("end", () => call.end());
    for (const event of ["error", "cancelled", "close"]) call.on(event, close);
  }

  #receive(connection: Connection, bytes: Buffer): void {
    if (!this.#connections.has(connection)) return;
    const message = decodePeerMessage(bytes);
    const problem = message === undefined ? "the message cannot be read" : this.#take(connection, message);
    if (problem !== undefined) this.#end(connection, status.INVALID_ARGUMENT, problem);
  }

  /** Returns what is wrong with the message where it comes. */
  #take(connection: Connection, message: PeerMessage): string | undefined {
    const { reports } = this.#options;
    const { replica, gateways } = connection;
    if (message.kind === "hello")
      return replica === undefined ? this.#greet(connection, message.replica) : "a second hello";
    if (replica === undefined) return "the first message has to be a hello";
    if (message.kind === "complete") {
      reports.replicaComplete(replica, gateways);
      return undefined;
    }
    if (message.state === undefined) gateways.delete(message.gateway);
    else gateways.add(message.gateway);
    if (gateways.size > maxGateways) return "too many Gateways";
    reports.set(replica, message.gateway, message.state);
    return undefined;
  }

  #greet(connection: Connection, replica: string): string | undefined {
    const { reports, log } = this.#options;
    const older = this.#byReplica.get(replica);
    if (older === undefined && this.#byReplica.size >= maxReplicas) return "too many replicas";
    connection.replica = replica;
    this.#byReplica.set(replica, connection);
    if (older !== undefined) this.#end(older, status.ABORTED, "the replica has connected again");
    reports.replicaConnected(replica);
    log.info({ replica }, "replica connected");
    connection.call.write(Buffer.alloc(0));
    return undefined;
  }

  #recheck(): void {
    const now = this.#options.clock();
    for (const connection of [...this.#connections]) {
      if (connection.until < now) this.#end(connection, status.PERMISSION_DENIED, "the client certificate has expired");
    }
  }

  #end(connection: Connection, code: status, message: string): void {
    this.#options.log.warn({ replica: connection.replica, message }, "connection of a replica ended");
    this.#close(connection);
    end(connection.call, code, message);
  }

  #close(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    const { replica } = connection;
    if (replica === undefined || this.#byReplica.get(replica) !== connection) return;
    this.#byReplica.delete(replica);
    this.#options.log.info({ replica }, "replica disconnected");
    this.#options.reports.replicaGone(replica);
  }
}

function end(call: PeerCall, code: status, details: string): void {
  // grpc-js turns an error event into the call's status.
  call.emit("error", { code, details, metadata: new Metadata() });
}
