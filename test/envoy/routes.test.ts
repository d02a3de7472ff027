import { describe } from "vitest";
import { testRouteCases } from "./routes.case.ts";

describe("routes in a plain table on a real Envoy", () => testRouteCases("plain"));

describe("routes in a scoped table on a real Envoy", () => testRouteCases("scoped"));
