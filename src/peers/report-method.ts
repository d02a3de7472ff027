import type { MethodDefinition } from "@grpc/grpc-js";

/** The one method of the channel: the caller tells what it knows, the answer is one empty message once it is heard. */
export const reportMethod: MethodDefinition<Buffer, Buffer> = {
  path: "/gatehouse.peers.v1.Peers/Report",
  originalName: "Report",
  requestStream: true,
  responseStream: true,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
};

/** What replicas write to the log. */
export interface PeerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

function pass(bytes: Buffer): Buffer {
  return bytes;
}
