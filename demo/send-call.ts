import { connect } from "node:http2";
import { type Answer, answered, patience, type RequestTarget } from "./request.ts";
import type { DemoRequest } from "./step.ts";

/** A gRPC message on the wire: not compressed, four bytes of length, then its bytes. */
export function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Makes one gRPC call without TLS; never throws. */
export function sendCall({ host, path }: DemoRequest, target: RequestTarget): Promise<Answer> {
  return new Promise((resolve) => {
    const session = connect(`http://${target.address}:${target.port}`);
    const end = (answer: Answer) => {
      session.destroy();
      resolve(answer);
    };
    session.on("error", ({ message }) => end({ kind: "failed", message }));
    const call = session.request({
      ...{ ":method": "POST", ":path": `${path}?${target.token}`, ":authority": host },
      ...{ "content-type": "application/grpc", te: "trailers" },
    });
    const chunks: Buffer[] = [];
    const headers: NodeJS.Dict<string | string[]> = {};
    call.on("response", (sent) => Object.assign(headers, sent));
    call.on("trailers", (sent) => Object.assign(headers, sent));
    call.on("data", (chunk: Buffer) => chunks.push(chunk));
    call.on("error", ({ message }) => end({ kind: "failed", message }));
    call.on("end", () => end(answered(Number(headers[":status"] ?? 0), headers, Buffer.concat(chunks).subarray(5))));
    call.setTimeout(patience, () => end({ kind: "failed", message: `no answer in ${patience} ms` }));
    call.end(frame(Buffer.alloc(0)));
  });
}
