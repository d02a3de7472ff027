import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type status,
} from "@grpc/grpc-js";

/** A call as a backend saw it. */
export interface SeenCall {
  readonly backend: string;
  readonly method: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly message: string;
}

/** A real gRPC server whose messages are text. */
export interface GrpcBackend {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Every call so far. */
  readonly calls: SeenCall[];
  /** What becomes of calls; tests change it. */
  readonly behaviour: { fails?: { code: status; details: string }; answers: boolean };
  stop(): void;
}

/** How a method is spoken; what a message means is its text. */
export function textMethod(path: string, stream: { readonly request?: boolean; readonly response?: boolean } = {}) {
  const serialize = (text: string) => Buffer.from(text);
  const deserialize = (bytes: Buffer) => bytes.toString();
  return {
    path,
    requestStream: stream.request === true,
    responseStream: stream.response === true,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
}

/** The methods of a server. */
export interface GrpcMethods {
  readonly unary: readonly string[];
  readonly streams?: readonly string[];
  readonly chats?: readonly string[];
}

/** Starts a server that answers unary calls with what it saw, server streams with three messages, and chats with what is said. */
export async function startGrpcBackend(
  name: string,
  { unary, streams = [], chats = [] }: GrpcMethods,
): Promise<GrpcBackend> {
  const calls: SeenCall[] = [];
  const behaviour: GrpcBackend["behaviour"] = { answers: true };
  const see = (path: string, { metadata, request }: { metadata: Metadata; request: string }): SeenCall => {
    const values = Object.entries(metadata.getMap()).map(([key, value]) => [key, String(value)] as const);
    const seen = { backend: name, method: path, metadata: Object.fromEntries(values), message: request };
    calls.push(seen);
    return seen;
  };
  const answerOnce =
    (path: string): handleUnaryCall<string, string> =>
    (call, callback) => {
      const seen = see(path, call);
      const { fails, answers } = behaviour;
      if (!answers) return;
      if (fails !== undefined) return callback({ ...fails, metadata: trailers(name) });
      const initial = new Metadata();
      initial.set("x-initial", name);
      call.sendMetadata(initial);
      callback(null, JSON.stringify(seen), trailers(name));
    };
  const answerOften =
    (path: string): handleServerStreamingCall<string, string> =>
    (call) => {
      see(path, call);
      for (const number of [1, 2, 3]) call.write(`${name} ${number}`);
      call.end(trailers(name));
    };
  const answerEach: handleBidiStreamingCall<string, string> = (call) => {
    call.on("data", (message: string) => call.write(`${name} ${message}`));
    call.on("end", () => call.end(trailers(name)));
  };
  const server = new Server();
  const definition = Object.fromEntries([
    ...unary.map((path) => [path, textMethod(path)]),
    ...streams.map((path) => [path, textMethod(path, { response: true })]),
    ...chats.map((path) => [path, textMethod(path, { request: true, response: true })]),
  ]) as ServiceDefinition;
  server.addService(
    definition,
    Object.fromEntries([
      ...unary.map((path) => [path, answerOnce(path)] as const),
      ...streams.map((path) => [path, answerOften(path)] as const),
      ...chats.map((path) => [path, answerEach] as const),
    ]),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { name, address: "127.0.0.1", port, calls, behaviour, stop: () => server.forceShutdown() };
}

function trailers(name: string): Metadata {
  const metadata = new Metadata();
  metadata.set("x-trailer", name);
  return metadata;
}
