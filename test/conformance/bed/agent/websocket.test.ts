import { expect, it } from "vitest";
import { readFrame, writeFrame } from "./websocket.ts";

function masked(frame: Buffer): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const { payload = Buffer.alloc(0), size = 0 } = readFrame(frame) ?? {};
  const head = Buffer.from(frame.subarray(0, size - payload.length));
  head[1] = (head[1] ?? 0) | 0x80;
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

it.each([0, 1, 125, 126, 65_535, 65_536])("a frame of %i bytes is read as it was written, masked or not", (length) => {
  const payload = Buffer.alloc(length, "frame");
  for (const bytes of [writeFrame(2, payload), masked(writeFrame(2, payload))]) {
    const frame = readFrame(Buffer.concat([bytes, Buffer.from("next")]));
    expect(frame).toMatchObject({ opcode: 2, last: true, size: bytes.length });
    expect(frame?.payload.equals(payload)).toBe(true);
  }
});

it("a frame that is not complete is not read", () => {
  const bytes = masked(writeFrame(2, Buffer.alloc(300)));
  for (const length of [0, 1, 3, 7, bytes.length - 1]) expect(readFrame(bytes.subarray(0, length))).toBeUndefined();
});
