import { expect, it } from "vitest";
import { notTranslated } from "./not-translated.ts";

it.each([
  {
    name: "kinds that are not read",
    source: { unread: () => ["secrets", "tcproutes"] },
    words: ", not read: secrets, tcproutes",
  },
  { name: "nothing more once all is read", source: { unread: () => [] }, words: "" },
  { name: "nothing more of files", source: {}, words: "" },
])("tells $name", ({ source, words }) => {
  expect(notTranslated(source)).toBe(`not everything is read and translated yet${words}`);
});
