import { Client, credentials, Server, ServerCredentials, type ServerWritableStream, status } from "@grpc/grpc-js";
import { textMethod } from "../../support/grpc-backend.ts";

/** A gRPC server of streams that last: `watch` counts upwards to whoever asks, `talk` says again what is said. */
export interface StreamBackend {
  readonly port: number;
  /** Ends every count with what was said last, and a status that is good. */
  finish(): void;
  stop(): void;
}

/** What became of a stream. */
export interface StreamOutcome {
  readonly what: string;
  readonly code: string;
  /** Messages that came, each once and in their order. */
  readonly messages: number;
  /** Those that were said, and whatever came in the place of another. */
  readonly said: number;
  readonly strange: readonly string[];
}

/** A stream under way. */
export interface OpenStream {
  readonly messages: number;
  /** Says no more, and waits for the end. */
  end(): Promise<StreamOutcome>;
}

const watch = textMethod("/shop.Cart/Watch", { response: true });
const talk = textMethod("/shop.Cart/Talk", { request: true, response: true });
const paceMs = 10;

/** Starts one on an address; whoever asks for a count gets a number every ten milliseconds. */
export async function startStreamBackend(address: string): Promise<StreamBackend> {
  const counts = new Map<ServerWritableStream<string, string>, number>();
  const server = new Server();
  server.addService(
    { watch, talk },
    {
      watch: (call: ServerWritableStream<string, string>) => {
        counts.set(call, 0);
        call.on("close", () => counts.delete(call));
        call.on("cancelled", () => counts.delete(call));
      },
      talk: (call: NodeJS.ReadWriteStream) => {
        call.on("data", (message: string) => call.write(message));
        call.on("end", () => call.end());
      },
    },
  );
  const clock = setInterval(() => {
    for (const [call, count] of counts) {
      counts.set(call, count + 1);
      call.write(String(count));
    }
  }, paceMs);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:0`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    finish: () => {
      for (const [call, count] of counts) {
        counts.delete(call);
        call.write(`last ${count}`);
        call.end();
      }
    },
    stop: () => {
      clearInterval(clock);
      server.forceShutdown();
    },
  };
}

/** Where streams are opened: in the clear, or by TLS for the host's name. */
export interface StreamTarget {
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly authority?: string;
}

/** Opens a count and a conversation on a connection of their own. */
export function openStreams(target: StreamTarget, finishCounts: () => void): readonly OpenStream[] {
  const { address, port, host, authority } = target;
  const channel =
    authority === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(authority));
  const client = new Client(`${address}:${port}`, channel, {
    "grpc.default_authority": host,
    ...(authority !== undefined && { "grpc.ssl_target_name_override": host }),
    "grpc.enable_http_proxy": 0,
    "grpc.enable_retries": 0,
    // Not one that another test or target has.
    "grpc.use_local_subchannel_pool": 1,
  });
  const how = authority === undefined ? "in the clear" : "by TLS";
  return [openCount(client, `count, ${how}`, finishCounts), openTalk(client, `talk, ${how}`)];
}

function openCount(client: Client, what: string, finish: () => void): OpenStream {
  const { path, requestSerialize, responseDeserialize } = watch;
  const strange: string[] = [];
  let [messages, said] = [0, -1];
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, "count");
  call.on("data", (message: string) => {
    if (message.startsWith("last ")) said = Number(message.slice("last ".length));
    else if (message === String(messages)) messages += 1;
    else strange.push(message);
  });
  const code = codeOf(call);
  return {
    get messages() {
      return messages;
    },
    end: async () => {
      finish();
      return { what, code: await code, messages, said, strange };
    },
  };
}

function openTalk(client: Client, what: string): OpenStream {
  const { path, requestSerialize, responseDeserialize } = talk;
  const strange: string[] = [];
  let [messages, said] = [0, 0];
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  call.on("data", (message: string) => {
    if (message === String(messages)) messages += 1;
    else strange.push(message);
  });
  const clock = setInterval(() => {
    call.write(String(said));
    said += 1;
  }, paceMs);
  const code = codeOf(call).finally(() => clearInterval(clock));
  return {
    get messages() {
      return messages;
    },
    end: async () => {
      clearInterval(clock);
      call.end();
      const outcome = { what, code: await code, messages, said, strange };
      client.close();
      return outcome;
    },
  };
}

function codeOf(call: NodeJS.EventEmitter): Promise<string> {
  call.on("error", () => undefined); // told by the status too
  return new Promise((resolve) => {
    call.on("status", ({ code, details }: { code: status; details: string }) =>
      resolve(`${status[code]}${details === "" || code === status.OK ? "" : ` ${details}`}`),
    );
  });
}
