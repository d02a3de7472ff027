import protobuf from "protobufjs/light.js";
import descriptor from "./gen/descriptor.json" with { type: "json" };

// An empty configuration is an Any whose value is empty: decoded, it must still have the field that we require.
protobuf.wrappers[".google.protobuf.Any"] = {
  fromObject(object) {
    return this.fromObject(object);
  },
  toObject(any, options) {
    return { type_url: "", value: new Uint8Array(), ...this.toObject(any, options) };
  },
};

// Also copies the file beside the compiled code: tsc emits every JSON file that is imported.
const root = protobuf.Root.fromJSON(descriptor);
const types = new Map<string, protobuf.Type>();

/** The reflected message type of a full name such as `envoy.config.route.v3.Route`; undefined when we do not know it. */
export function findMessageType(fullName: string): protobuf.Type | undefined {
  const cached = types.get(fullName);
  if (cached !== undefined) return cached;
  const found = root.lookup(fullName, [protobuf.Type]);
  // Relative lookups match the end of a longer name too: only an exact name is a hit.
  if (!(found instanceof protobuf.Type) || found.fullName !== `.${fullName}`) return undefined;
  types.set(fullName, found);
  return found;
}
