import { describe } from "vitest";
import { testRouteTables } from "./route-tables.case.ts";

describe("a plain route table", () => testRouteTables("plain"));

describe("a scoped route table", () => testRouteTables("scoped"));

describe("R9: a scoped route table over state-of-the-world ADS", () => {
  const adjust = (bootstrap: object) =>
    JSON.parse(JSON.stringify(bootstrap).replace('"api_type":"DELTA_GRPC"', '"api_type":"GRPC"')) as object;
  testRouteTables("scoped", { adjust });
});
