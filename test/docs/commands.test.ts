import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { pages, repository } from "./pages.ts";

/** A command as a page writes it. */
interface Written {
  readonly where: string;
  readonly words: readonly string[];
}

const read = (path: string): string => readFileSync(join(repository, path), "utf8");
const commands = pages.flatMap(({ path, blocks, codes }) => [
  ...blocks
    .filter(({ language }) => language === "")
    .flatMap(({ text, line }) => commandsOf(text).map((words) => ({ where: `${path}:${line}`, words }))),
  ...codes.flatMap((code) => commandsOf(code).map((words) => ({ where: path, words }))),
]);
const ours = commands.filter(({ words }) => words[0] === "gatehouse");

describe("`gatehouse` in the pages", () => {
  let verbs: ReadonlyMap<string, string> = new Map();
  beforeAll(async () => {
    verbs = await readHelp();
  }, 120_000);

  it("has verbs that there are", () => {
    expect(ours.length).toBeGreaterThan(50);
    const unknown = ours.filter(({ words: [, verb] }) => verb !== undefined && !/^[-…]/.test(verb));
    expect(unknown.filter(({ words }) => verbOf(words, verbs) === undefined).map(told)).toEqual([]);
  });

  it("has options that the verb takes", () => {
    const wrong = ours.flatMap((command) => {
      const help = verbs.get(verbOf(command.words, verbs) ?? "");
      const flags = command.words.filter((word) => /^--?[a-z]/i.test(word)).map((word) => word.split("=")[0] ?? "");
      // Of a flag that stands without a verb nothing is known.
      return help === undefined
        ? []
        : flags.filter((flag) => !takes(help, flag)).map((flag) => `${told(command)}: ${flag}`);
    });
    expect(wrong).toEqual([]);
  });

  it("has options, where one stands alone, that some verb takes", () => {
    const known = [...verbs.values()].join("\n");
    const alone = pages.flatMap(({ path, codes }) =>
      codes
        .filter((code) => /^--[a-z-]+( [A-Z].*)?$/.test(code))
        .map((code) => ({ path, flag: code.split(" ")[0] ?? "" })),
    );
    expect(alone.length).toBeGreaterThan(15);
    const unknown = alone.filter(({ flag }) => !takes(known, flag) && !ofOthers.has(flag));
    expect(unknown.map(({ path, flag }) => `${path}: ${flag}`)).toEqual([]);
  });

  it("is told of in the README, verb by verb", () => {
    const [, table = ""] = /\| command \| what it does \|\n((?:\|.*\n)+)/.exec(read("README.md")) ?? [];
    const missing = [...verbs.keys()].filter((verb) => !inside.has(verb) && !table.includes(`\`gatehouse ${verb}`));
    expect(missing).toEqual([]);
  });

  it("has settings in the environment that are read", () => {
    const known = [...verbs.values()].join("\n");
    const texts = [...pages, { path: "docker-compose.yml", text: read("docker-compose.yml") }];
    const named = texts.flatMap(({ path, text }) =>
      (text.match(/GATEHOUSE_[A-Z_]+/g) ?? []).map((name) => ({ path, name })),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ name }) => !known.includes(name))).toEqual([]);
  });
});

describe("other commands in the pages", () => {
  it("are targets of the Makefile that `make help` tells of, with the variables that it takes", () => {
    const makefile = read("Makefile");
    const wrong = commands
      .filter(({ words }) => words[0] === "make" && words[1] !== undefined)
      .filter(({ words: [, target = "", ...rest] }) => {
        const variables = rest.filter((word) => /^[A-Z]+=/.test(word)).map((word) => word.split("=")[0] ?? "");
        const exported = /^export (STAY.*)$/m.exec(makefile)?.[1]?.split(" ") ?? [];
        const isTold = new RegExp(`^${target}:.*## `, "m").test(makefile);
        return !isTold || variables.some((variable) => !exported.includes(variable));
      });
    expect(wrong.map(told)).toEqual([]);
  });

  it("are scripts of package.json, or files", () => {
    const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
    const wrong = commands.filter(({ words: [program, first = "", second = ""] }) =>
      program === "npm" ? first === "run" && scripts[second] === undefined : program === "node" && !isScript(first),
    );
    expect(wrong.map(told)).toEqual([]);
  });

  it("set values that the chart has", () => {
    const schema: Schema = JSON.parse(read("deploy/helm/gatehouse/values.schema.json"));
    const wrong = commands
      .filter(({ words }) => words[0] === "helm")
      .flatMap((command) =>
        valuesIn(command.words)
          .filter((value) => !hasValue(schema, value.split(".")))
          .map((value) => `${told(command)}: ${value}`),
      );
    expect(wrong).toEqual([]);
    expect(hasValue(schema, ["image", "nothing"])).toBe(false);
  });

  it("set values in files that the chart has", () => {
    const schema: Schema = JSON.parse(read("deploy/helm/gatehouse/values.schema.json"));
    const files = pages.flatMap(({ blocks }) => blocks).filter(({ text }) => text.startsWith("# values.yaml\n"));
    expect(files.length).toBeGreaterThan(0);
    const paths = files.flatMap(({ text }) => leavesOf(parse(text)));
    expect(paths.filter((path) => !hasValue(schema, path))).toEqual([]);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly type?: string;
}

/** Options of other programs that pages speak of: of Envoy, of our benchmark. */
const ofOthers: ReadonlySet<string> = new Set(["--reject-unknown-dynamic-fields", "--no-envoy"]);

/** Verbs that nobody gives by hand. */
const inside: ReadonlySet<string> = new Set(["version", "proxy-agent", "explain"]);

/** The help of each verb, `explain request` among them, by its name. */
async function readHelp(): Promise<ReadonlyMap<string, string>> {
  const main = join(repository, "src/main.ts");
  const ask = async (...verb: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...verb, "--help"], { env: {} });
    return stdout;
  };
  const askEach = async (verbs: readonly string[]): Promise<readonly (readonly [string, string])[]> =>
    Promise.all(verbs.filter((verb) => verb !== "help").map(async (verb) => [verb, await ask(...verb.split(" "))]));
  const help = new Map(await askEach(verbsIn(await ask())));
  const nested = verbsIn(help.get("explain") ?? "").map((verb) => `explain ${verb}`);
  return new Map([...help, ...(await askEach(nested.filter((verb) => !verb.endsWith(" help"))))]);
}

function verbsIn(help: string): readonly string[] {
  const [, list = ""] = help.split("\nCommands:\n");
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, verb = ""]) => verb);
}

function verbOf(
  [, first = "", second = ""]: readonly string[],
  verbs: ReadonlyMap<string, string>,
): string | undefined {
  return [`${first} ${second}`, first].find((verb) => verbs.has(verb));
}

function takes(help: string, flag: string): boolean {
  return new RegExp(`(^|[\\s,])${flag}([\\s,=]|$)`, "m").test(help);
}

/** The commands of a text: lines, taken apart at what a shell takes them apart at; continued and commented ones too. */
function commandsOf(text: string): readonly (readonly string[])[] {
  const lines = text.replace(/\\\n\s*/g, " ").split("\n");
  return lines
    .flatMap((line) => line.replace(/\s#.*$/, "").split(/&&|\||;| -- /))
    .map((command) => command.replace(/^\$ /, "").trim().split(/\s+/))
    .map(([program = "", ...rest]) => [program.replace(/^bin\//, ""), ...rest])
    .filter(([program = ""]) => ["gatehouse", "make", "npm", "node", "helm"].includes(program));
}

function told({ where, words }: Written): string {
  return `${where}: ${words.join(" ")}`;
}

function isScript(path: string): boolean {
  return (
    path === "" ||
    path.startsWith("-") ||
    existsSync(join(repository, path.replace(/^dist\//, "").replace(/\.js$/, ".ts")))
  );
}

function valuesIn(words: readonly string[]): readonly string[] {
  return words
    .filter((_, index) => words[index - 1] === "--set")
    .map((word) => word.replaceAll("'", "").split("=")[0] ?? "");
}

function hasValue(schema: Schema, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined || schema.properties === undefined) return true;
  const child = schema.properties[name];
  return child !== undefined && hasValue(child, rest);
}

function leavesOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[]];
  return Object.entries(value).flatMap(([key, child]) => leavesOf(child).map((rest) => [key, ...rest]));
}
