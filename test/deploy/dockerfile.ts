/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

/** One stage: from its FROM to the next. */
export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

/** Where a COPY takes its files from and where it puts them. */
export interface CopyInstruction {
  /** A stage's name; the build context when absent. */
  readonly from?: string;
  readonly sources: readonly string[];
  readonly target: string;
}

const keywords = ["FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "ENTRYPOINT", "CMD"];

/** Reads a Dockerfile into stages. It knows the instructions that ours has, and throws at any other. */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text.split("\n").map((line) => line.trim());
  const stages: { name: string; image: string; instructions: Instruction[] }[] = [];
  for (const line of lines.filter((text) => text !== "" && !text.startsWith("#"))) {
    const [keyword = "", ...words] = line.split(" ");
    if (!keywords.includes(keyword)) throw new Error(`this test does not know ${line}`);
    const rest = words.join(" ");
    if (keyword === "FROM") {
      const [image = "", , name = String(stages.length)] = words;
      stages.push({ name, image, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ keyword, rest });
    }
  }
  return stages;
}

/** Reads what follows COPY. */
export function parseCopy(rest: string): CopyInstruction {
  const words = rest.split(" ");
  const from = words.find((word) => word.startsWith("--from="))?.slice("--from=".length);
  const paths = words.filter((word) => !word.startsWith("--"));
  const copy = { sources: paths.slice(0, -1), target: paths.at(-1) ?? "" };
  return from === undefined ? copy : { from, ...copy };
}

/** The value of a stage's last instruction of a kind. */
export function lastOf(stage: Stage, keyword: string): string | undefined {
  return stage.instructions.findLast((instruction) => instruction.keyword === keyword)?.rest;
}

/** Whether a file of the context gets to the build, by our .dockerignore: `*` first, then exceptions, the last rule counts. */
export function isInContext(ignore: string, path: string): boolean {
  const rules = ignore.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const included = rules.reduce((kept, rule) => {
    const pattern = rule.replace(/^!/, "");
    return matches(pattern, path) ? rule.startsWith("!") : kept;
  }, true);
  return included;
}

/** A rule counts for the path itself and for every folder that it lies in. */
function matches(pattern: string, path: string): boolean {
  const source = pattern
    .split("/")
    .map((part) => (part === "**" ? ".*" : part.replaceAll(".", "\\.").replaceAll("*", "[^/]*")))
    .join("/")
    .replace(".*/", "(?:.*/)?");
  return new RegExp(`^${source}(?:/.*)?$`).test(path);
}
