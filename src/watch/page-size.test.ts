import { expect, it } from "vitest";
import { PageSize } from "./page-size.ts";

it("halves down to a single object, which has to be taken as it is, and begins the next list as usual", () => {
  const size = new PageSize();
  const asked = [size.query.limit];
  while (size.shrink()) asked.push(size.query.limit);
  expect(asked).toEqual(["500", "250", "125", "62", "31", "15", "7", "3", "1"]);
  size.reset();
  expect(size.query).toEqual({ limit: "500" });
});

it("asks for all at once where the server forgets a list too soon, and for pages again where that is too much", () => {
  const size = new PageSize();
  size.lift();
  expect(size.query).toEqual({});
  expect(size.shrink()).toBe(true);
  expect(size.query).toEqual({ limit: "500" });
});
