import { describe, expect, it } from "vitest";
import { deadlineOf, expiredFileState, type FileState, nextFileState } from "./file-state.ts";

const grace = 1000;
const map = (name: string, value = "1") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {key: "${value}"}\n`;

/** Plays a series of texts, each with the time at which it is seen; ends with what has expired by then. */
function play(...steps: readonly (readonly [number, string | undefined])[]): FileState {
  let state: FileState | undefined;
  for (const [now, text] of steps) {
    if (state !== undefined) state = expiredFileState("a.yaml", state, { now, grace });
    state = nextFileState("a.yaml", state, { text, now, grace });
  }
  if (state === undefined) throw new Error("bug: no steps");
  return state;
}

const shown = (state: FileState) =>
  Object.fromEntries([...state.claims].map(([key, { entry }]) => [key, Reflect.get(entry.object, "data")?.key]));
const at = (state: FileState, now: number) => expiredFileState("a.yaml", state, { now, grace });

describe("one file over time", () => {
  it.each([
    { name: "an empty file", text: "" },
    { name: "a file with only a comment", text: "# nothing\n" },
    { name: "a file that is gone", text: undefined },
  ])("keeps objects for a second: $name", ({ text }) => {
    const state = play([0, map("a")], [10, text]);
    expect(deadlineOf(state)).toBe(1010);
    expect(shown(at(state, 1009))).toEqual({ "ConfigMap/default/a": "1" });
    expect(shown(at(state, 1010))).toEqual({});
  });

  it("counts the second from when the object was first missed", () => {
    const state = play([0, `${map("a")}---\n${map("b")}`], [10, map("a")], [900, `${map("a", "2")}`]);
    expect(deadlineOf(state)).toBe(1010);
    expect(shown(at(state, 1010))).toEqual({ "ConfigMap/default/a": "2" });
  });

  it("forgets that an object was missed when it is back", () => {
    expect(deadlineOf(play([0, map("a")], [10, ""], [20, map("a")]))).toBeUndefined();
  });

  it("waits for the rest of a file that lost its last line break, then takes it as it is", () => {
    const state = play([0, map("a")], [10, map("a", "2").trimEnd()]);
    expect(shown(at(state, 1009))).toEqual({ "ConfigMap/default/a": "1" });
    expect(shown(at(state, 1010))).toEqual({ "ConfigMap/default/a": "2" });
  });

  it("waits for the rest of a file that was emptied first", () => {
    expect(shown(play([0, map("a")], [10, ""], [20, map("a", "2").trimEnd()]))).toEqual({ "ConfigMap/default/a": "1" });
  });

  it("does not wait for a line break in a file that never had one", () => {
    expect(shown(play([0, map("a").trimEnd()], [10, map("a", "2").trimEnd()]))).toEqual({ "ConfigMap/default/a": "2" });
  });

  it.each([
    { name: "the file does not parse", text: "apiVersion: [\n" },
    { name: "it has lost its name", text: map("").replace("{name: }", "{name: null}") },
    { name: "it is broken", text: map("a").replace("\ndata:", "\ndota:") },
    { name: "its kind is misspelt", text: map("a").replace("ConfigMap", "ConfigMop") },
    { name: "its version is misspelt", text: map("a").replace("v1", "v11") },
  ])("keeps an object for as long as $name", ({ text }) => {
    const state = play([0, map("a")], [10, text], [5000, text], [9000, `${text}# still\n`]);
    expect(deadlineOf(state)).toBeUndefined();
    expect(shown(at(state, 99_000))).toEqual({ "ConfigMap/default/a": "1" });
    expect(state.problems).toHaveLength(1);
  });

  it("lets go of an object beside another kind of the same name that was there before", () => {
    const stranger = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n";
    const state = play([0, `${map("a")}---\n${stranger}`], [10, stranger]);
    expect(shown(at(state, 1010))).toEqual({});
  });

  it("does not read documents again that are the same", () => {
    const before = play([0, `${map("a")}---\n${map("b")}`]);
    const next = nextFileState("a.yaml", before, { text: `${map("c")}---\n${map("b")}`, now: 1, grace });
    const entryOf = (state: FileState) =>
      [...state.claims.values()].find(({ entry }) => entry.name === "default/b")?.entry;
    expect(entryOf(next)).toBeDefined();
    expect(entryOf(next)).toBe(entryOf(before));
  });
});
