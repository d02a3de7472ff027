import { describe, expect, it } from "vitest";
import type { Deed } from "../admin/api/access.ts";
import type { Caller } from "../admin/api/caller.ts";
import type { ObjectName } from "../core/explanation.ts";
import { mostNames, mostNamespaces, visibleAmong } from "./visible-objects.ts";

function caller(user: string): Caller {
  return { user, groups: [], extra: {} };
}

function route(namespace: string, name: string): ObjectName {
  return { kind: "HTTPRoute", namespace, name };
}

/** Rights that note what was asked. */
function rights(allows: (deed: Deed) => boolean) {
  const asked: Deed[] = [];
  const may = async (_caller: Caller, deed: Deed): Promise<boolean> => {
    asked.push(deed);
    return allows(deed);
  };
  return { asked, may };
}

describe("visibleAmong", () => {
  it("asks once for each kind where the caller may get all of them", async () => {
    const { asked, may } = rights(() => true);
    const objects = [route("a", "1"), route("b", "2"), { kind: "Gateway", namespace: "c", name: "3" }];
    const { sees } = await visibleAmong({ may }, caller("pat"), objects);
    expect(objects.map(sees)).toEqual([true, true, true]);
    expect(asked).toHaveLength(2);
  });

  it("asks once for a namespace where the caller may get what is there", async () => {
    const { asked, may } = rights(({ namespace, name }) => namespace === "a" && name === undefined);
    const objects = [route("a", "1"), route("a", "2"), route("a", "3"), route("b", "4")];
    const { sees, reviews } = await visibleAmong({ may }, caller("dana"), objects);
    expect(objects.map(sees)).toEqual([true, true, true, false]);
    expect(asked).toHaveLength(4);
    expect(reviews).toBe(4);
  });

  it("hides what is of no namespace and of no kind that is known, unasked", async () => {
    const { asked, may } = rights(() => true);
    const objects = [
      { kind: "Pod", namespace: "a", name: "1" },
      { kind: "HostnameClaim", namespace: "a", name: "2" },
    ];
    const { sees } = await visibleAmong({ may }, caller("pat"), objects);
    expect(objects.map(sees)).toEqual([false, false]);
    expect(asked).toEqual([]);
  });

  it("hides the rest where there are too many namespaces, and asks about the caller's own before any other", async () => {
    const { asked, may } = rights(({ namespace }) => namespace !== undefined);
    const others = Array.from({ length: 200 }, (_, index) => route(`other-${index}`, "r"));
    const own = route("zoo", "r");
    const { sees } = await visibleAmong({ may }, caller("system:serviceaccount:zoo:me"), [...others, own]);
    expect(sees(own)).toBe(true);
    expect(others.filter(sees)).toHaveLength(mostNamespaces - 1);
    expect(asked.length).toBeLessThanOrEqual(1 + mostNamespaces);
  });

  it("asks about so many single objects and no more", async () => {
    const { asked, may } = rights(({ name }) => name !== undefined);
    const objects = Array.from({ length: 500 }, (_, index) => route("a", `r-${index}`));
    const { sees } = await visibleAmong({ may }, caller("dana"), objects);
    expect(objects.filter(sees)).toHaveLength(mostNames);
    expect(asked).toHaveLength(2 + mostNames);
  });
});
