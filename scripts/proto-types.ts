import protobuf from "protobufjs";

/** What printMessageTypes made: the module's text and how much is in it. */
export interface PrintedTypes {
  readonly text: string;
  readonly messages: number;
  readonly enums: number;
}

/** Prints TypeScript declarations of every message and enum below a root, in the plain form that our encoder accepts. */
export function printMessageTypes(root: protobuf.Root): PrintedTypes {
  const { messages, enums } = collect(root);
  refuseCollisions([...messages, ...enums]);
  const text = [
    header,
    ...enums.map(printEnum),
    ...messages.map(printMessage),
    printIndex(messages),
    "/** The plain form of the message with the given full name. */",
    "export type Message<T extends keyof MessageTypes> = MessageTypes[T];",
    "",
  ].join("\n");
  return { text, messages: messages.length, enums: enums.length };
}

const header = `// Made by scripts/generate-proto.ts from the .proto files that proto/roots.ts lists. Do not edit.

/** A 64-bit integer as two halves of 32 bits. */
export interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}
`;

const numberTypes = new Set(["double", "float", "int32", "uint32", "sint32", "fixed32", "sfixed32"]);
const longTypes = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);

function collect(namespace: protobuf.NamespaceBase): { messages: protobuf.Type[]; enums: protobuf.Enum[] } {
  const messages: protobuf.Type[] = [];
  const enums: protobuf.Enum[] = [];
  for (const child of namespace.nestedArray) {
    if (child instanceof protobuf.Enum) enums.push(child);
    if (child instanceof protobuf.Type) messages.push(child);
    if (child instanceof protobuf.Namespace) {
      const below = collect(child);
      messages.push(...below.messages);
      enums.push(...below.enums);
    }
  }
  return { messages, enums };
}

function refuseCollisions(types: readonly protobuf.ReflectionObject[]): void {
  const seen = new Map<string, string>();
  for (const type of types) {
    const name = identifier(type);
    const other = seen.get(name);
    if (other !== undefined) throw new Error(`${other} and ${fullName(type)} would share the name ${name}`);
    seen.set(name, fullName(type));
  }
}

function printEnum(type: protobuf.Enum): string {
  const name = identifier(type);
  const values = Object.entries(type.values).map(([key, value]) => `  ${key}: ${value},`);
  return [
    `/** ${fullName(type)} */`,
    `export const ${name} = {`,
    ...values,
    "} as const;",
    `export type ${name} = (typeof ${name})[keyof typeof ${name}];`,
    "",
  ].join("\n");
}

function printMessage(type: protobuf.Type): string {
  const fields = type.fieldsArray.map((field) => printField(type, field.resolve()));
  return [`/** ${fullName(type)} */`, `export interface ${identifier(type)} {`, ...fields, "}", ""].join("\n");
}

function printField(type: protobuf.Type, field: protobuf.Field): string {
  // An Any that lacks either field is always a mistake, and the encoder would drop it without a word.
  if (type.fullName === ".google.protobuf.Any") return `  readonly ${field.name}: ${fieldType(field)};`;
  return `  readonly ${field.name}?: ${fieldType(field)} | undefined;`;
}

function fieldType(field: protobuf.Field): string {
  const single = valueType(field);
  if (field instanceof protobuf.MapField) return `{ readonly [key: string]: ${single} }`;
  return field.repeated ? `ReadonlyArray<${single}>` : single;
}

function valueType(field: protobuf.Field): string {
  if (field.resolvedType !== null) return identifier(field.resolvedType);
  if (numberTypes.has(field.type)) return "number";
  if (longTypes.has(field.type)) return "number | Long";
  if (field.type === "bool") return "boolean";
  if (field.type === "string") return "string";
  if (field.type === "bytes") return "Uint8Array";
  throw new Error(`bug: field ${field.fullName} has the unknown type ${field.type}`);
}

function printIndex(messages: readonly protobuf.Type[]): string {
  const lines = messages.map((type) => `  readonly "${fullName(type)}": ${identifier(type)};`);
  return ["/** Every message by its full name. */", "export interface MessageTypes {", ...lines, "}", ""].join("\n");
}

function identifier(type: protobuf.ReflectionObject): string {
  return fullName(type)
    .split(/[._]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}

function fullName(type: protobuf.ReflectionObject): string {
  return type.fullName.replace(/^\./, "");
}
