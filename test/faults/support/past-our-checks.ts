/**
 * Loaded before a control plane: it lets header values and names of backends pass that are longer, keys that are shorter, and
 * certificates that are written more oddly, than any proxy takes.
 */
import { registerHooks } from "node:module";

const preciseHostname = `preciseHostname = {
  type: "string",
  minLength: 1,
  maxLength: `;

const limits: readonly (readonly [file: string, limit: string, instead: string])[] = [
  ["/src/translate/envoy/header-checks.ts", "maxValueBytes = 16_384", "maxValueBytes = 1_000_000"],
  ["/src/watch/schemas/http-filter.ts", "maxLength: 4096", "maxLength: 1_000_000"],
  ["/src/translate/backend-tls/certificate-names.ts", "name.length <= 253", "name.length <= 1_000"],
  ["/src/watch/schemas/fields.ts", `${preciseHostname}253`, `${preciseHostname}1_000`],
  ["/src/translate/certificate.ts", "modulusLength < 2048", "modulusLength < 1024"],
  ["/src/translate/pem.ts", "every(({ raw }) => isStrictDer(raw))", "every(() => true)"],
];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const change = limits.find(([file]) => url.endsWith(file));
    if (change === undefined || loaded.source === undefined || loaded.source === null) return loaded;
    const [file, limit, instead] = change;
    const source = Buffer.from(loaded.source as Uint8Array).toString();
    if (!source.includes(limit)) throw new Error(`${file} has no ${limit} any more`);
    return { ...loaded, source: source.replace(limit, instead) };
  },
});
