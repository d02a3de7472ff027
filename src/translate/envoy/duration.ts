import type { GoogleProtobufDuration } from "../../../proto/gen/types.ts";

/** A protobuf duration of so many milliseconds. */
export function durationOf(milliseconds: number): GoogleProtobufDuration {
  const seconds = Math.floor(milliseconds / 1000);
  const nanos = Math.round((milliseconds - seconds * 1000) * 1e6);
  return nanos === 0 ? { seconds } : { seconds, nanos };
}
