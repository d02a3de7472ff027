import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { type Answer, answered, clientMark, patience, type RequestTarget } from "./request.ts";

const greeting = "hello\n";

/** Sends a line on a connection and reads what comes back until it is closed; never throws. */
export function sendLine({ address, port }: RequestTarget): Promise<Answer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let mark = "";
    const socket = connect({ host: address, port, timeout: patience }, () => {
      mark = clientMark(socket.localAddress, socket.localPort);
      socket.write(greeting);
    });
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("timeout", () => socket.destroy(new Error(`no answer in ${patience} ms`)));
    socket.on("error", ({ message }) => resolve({ kind: "failed", message }));
    socket.on("close", () => {
      const answer = answered(undefined, {}, Buffer.concat(chunks));
      const isEmpty = chunks.length === 0;
      resolve(isEmpty ? { kind: "failed", message: "the connection was closed" } : { ...answer, mark });
    });
  });
}

/** Sends a datagram and reads the one that comes back; never throws. */
export function sendDatagram({ address, port }: RequestTarget): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (answer: Answer) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end({ kind: "failed", message: `no answer in ${patience} ms` }), patience);
    socket.on("message", (message) => end({ ...answered(undefined, {}, message), isLoggedLate: true }));
    socket.on("error", ({ message }) => end({ kind: "failed", message }));
    socket.send(greeting, port, address);
  });
}
