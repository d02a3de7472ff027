import protobuf from "protobufjs";
import { expect, it } from "vitest";
import { printMessageTypes } from "./proto-types.ts";

it("prints every kind of field in the form that the encoder accepts", () => {
  const { text, messages, enums } = printMessageTypes(
    parse(`
      syntax = "proto3";
      package a.b_c.v3;
      enum Colour { RED = 0; BLUE = 5; }
      message Outer {
        message Inner { bytes raw_bytes = 1; }
        string name = 1;
        repeated Inner inners = 2;
        map<string, Colour> colours = 3;
        oneof size { uint32 small = 4; int64 large = 5; }
      }
    `),
  );
  expect({ messages, enums }).toEqual({ messages: 2, enums: 1 });
  expect(text).toContain("export const ABCV3Colour = {\n  RED: 0,\n  BLUE: 5,\n} as const;");
  expect(text).toContain("export type ABCV3Colour = (typeof ABCV3Colour)[keyof typeof ABCV3Colour];");
  expect(text).toContain(
    [
      "export interface ABCV3Outer {",
      "  readonly name?: string | undefined;",
      "  readonly inners?: ReadonlyArray<ABCV3OuterInner> | undefined;",
      "  readonly colours?: { readonly [key: string]: ABCV3Colour } | undefined;",
      "  readonly small?: number | undefined;",
      "  readonly large?: number | Long | undefined;",
      "}",
    ].join("\n"),
  );
  expect(text).toContain("  readonly rawBytes?: Uint8Array | undefined;");
  expect(text).toContain('  readonly "a.b_c.v3.Outer.Inner": ABCV3OuterInner;');
});

it("requires both fields of an Any, under the names that the encoder knows", () => {
  const { text } = printMessageTypes(
    parse('syntax = "proto3"; package google.protobuf; message Any { string type_url = 1; bytes value = 2; }', {
      keepCase: true,
    }),
  );
  expect(text).toContain("  readonly type_url: string;\n  readonly value: Uint8Array;");
});

it("refuses two names that would become one", () => {
  const root = parse('syntax = "proto3"; package a; message B { message C {} } message BC {}');
  expect(() => printMessageTypes(root)).toThrow("a.BC would share the name ABC");
});

function parse(source: string, options: protobuf.IParseOptions = {}): protobuf.Root {
  const root = new protobuf.Root();
  protobuf.parse(source, root, options);
  root.resolveAll();
  return root;
}
