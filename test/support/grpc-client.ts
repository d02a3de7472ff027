import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type SeenCall, textMethod } from "./grpc-backend.ts";

/** How a unary call ended. */
export interface CallAnswer {
  readonly code: keyof typeof status;
  readonly details?: string;
  /** What the backend says it saw, where one answered. */
  readonly seen?: SeenCall;
  readonly initial: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
}

export interface CallOptions {
  readonly authority?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly message?: string;
  readonly deadlineMs?: number;
}

/** A real gRPC client of one address. */
export interface GrpcClient {
  call(path: string, options?: CallOptions): Promise<CallAnswer>;
  /** All messages of a server stream, then the code. */
  stream(path: string, options?: CallOptions): Promise<readonly string[]>;
  /** Says each message once the one before is answered; gives the answers, then the code. */
  chat(path: string, messages: readonly string[], options?: CallOptions): Promise<readonly string[]>;
  close(): void;
}

/** Connects to an address; a `:authority` is asked for by its own connection. */
export function createGrpcClient(address: string): GrpcClient {
  const clients = new Map<string, Client>();
  const clientOf = ({ authority = "grpc.example.com" }: CallOptions) => {
    const known = clients.get(authority);
    if (known !== undefined) return known;
    const client = new Client(address, credentials.createInsecure(), {
      "grpc.default_authority": authority,
      "grpc.enable_http_proxy": 0,
      "grpc.enable_retries": 0,
    });
    clients.set(authority, client);
    return client;
  };
  return {
    call: (path, options = {}) =>
      new Promise((resolve) => {
        const { requestSerialize, responseDeserialize } = textMethod(path);
        let initial = {};
        let trailers = {};
        let answer: { error: ServiceError | null; value?: string } | undefined;
        let code: status | undefined;
        const finish = () => {
          if (answer === undefined || code === undefined) return;
          const { error, value } = answer;
          resolve({
            code: nameOf(code),
            initial,
            trailers,
            ...(error === null ? {} : { details: error.details }),
            ...(value === undefined ? {} : { seen: JSON.parse(value) as SeenCall }), // the echo wrote it
          });
        };
        const call = clientOf(options).makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          options.message ?? "hello",
          metadataOf(options),
          options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs },
          (error, value) => {
            answer = { error, ...(value === undefined ? {} : { value }) };
            finish();
          },
        );
        call.on("metadata", (metadata: Metadata) => {
          initial = metadata.getMap();
        });
        call.on("status", (ended: { code: status; metadata: Metadata }) => {
          trailers = ended.metadata.getMap();
          code = ended.code;
          finish();
        });
      }),
    stream: (path, options = {}) =>
      new Promise((resolve) => {
        const { requestSerialize, responseDeserialize } = textMethod(path);
        const messages: string[] = [];
        const call = clientOf(options).makeServerStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          options.message ?? "hello",
          metadataOf(options),
        );
        call.on("data", (message: string) => messages.push(message));
        call.on("error", () => undefined); // told by the status too
        call.on("status", (ended: { code: status }) => resolve([...messages, nameOf(ended.code)]));
      }),
    chat: (path, messages, options = {}) =>
      new Promise((resolve) => {
        const { requestSerialize, responseDeserialize } = textMethod(path);
        const answers: string[] = [];
        const client = clientOf(options);
        const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadataOf(options));
        const next = () => {
          const message = messages[answers.length];
          if (message === undefined) call.end();
          else call.write(message);
        };
        call.on("data", (answer: string) => {
          answers.push(answer);
          next();
        });
        call.on("error", () => undefined); // told by the status too
        call.on("status", (ended: { code: status }) => resolve([...answers, nameOf(ended.code)]));
        next();
      }),
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}

function metadataOf({ metadata = {} }: CallOptions): Metadata {
  const made = new Metadata();
  for (const [name, value] of Object.entries(metadata)) made.set(name, value);
  return made;
}

function nameOf(code: status): keyof typeof status {
  return status[code] as keyof typeof status; // both ways of one table
}
