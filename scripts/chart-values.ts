/** `node scripts/chart-values.ts` writes the table of values in the chart's README from values.schema.json and values.yaml. */
import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";

const folder = new URL("../deploy/helm/gatehouse/", import.meta.url);

/** The chart's README. */
export const chartReadme = new URL("README.md", folder);

/** The README's text with its table of values made anew. */
export function withValuesTable(readme: string): string {
  const place = /(<!-- values -->\n)[\s\S]*(<!-- \/values -->)/;
  if (!place.test(readme)) throw new Error("the README has no place for the table of values");
  return readme.replace(place, (_, start, end) => `${start}${valuesTable()}${end}`);
}

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** A value that is set by its path, such as `image.tag`. */
interface Row {
  readonly path: string;
  readonly description: string;
  readonly value: unknown;
}

function valuesTable(): string {
  // Both files are ours; a test checks the one against the other.
  const schema = JSON.parse(readFileSync(new URL("values.schema.json", folder), "utf8")) as Schema;
  const values: unknown = parse(readFileSync(new URL("values.yaml", folder), "utf8"));
  const lines = rowsOf("", schema, values)
    .filter(({ path }) => path !== "global")
    .map(({ path, value, description }) => `| \`${path}\` | \`${JSON.stringify(value)}\` | ${description} |`);
  return ["| value | default | what it does |", "| --- | --- | --- |", ...lines, ""].join("\n");
}

function rowsOf(path: string, { properties, description = "" }: Schema, value: unknown): readonly Row[] {
  if (properties === undefined) return [{ path, description, value }];
  return Object.entries(properties).flatMap(([name, child]) =>
    rowsOf(path === "" ? name : `${path}.${name}`, child, Reflect.get(Object(value), name)),
  );
}

if (import.meta.main) writeFileSync(chartReadme, withValuesTable(readFileSync(chartReadme, "utf8")));
