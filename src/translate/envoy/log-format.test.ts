import { describe, expect, it } from "vitest";
import { logFormatProblem } from "./log-format.ts";

describe("logFormatProblem", () => {
  it.each([
    "",
    "plain text",
    "[%START_TIME%] %REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH):40% 100%%\n",
    "%METADATA(ROUTE:gatehouse.dev:namespace)% %RESP(content-type)% %RESPONSE_CODE%",
  ])("takes %j", (format) => {
    expect(logFormatProblem(format)).toBeUndefined();
  });

  it.each([
    ["an operator that nobody knows", "%NONSENSE%", "%NONSENSE% is not a command operator"],
    ["an operator that runs code or reads files", "%ENVIRONMENT(PATH)%", "is not a command operator"],
    ["an argument where none belongs", "%PROTOCOL(x)%", "takes no argument"],
    ["a length where none belongs", "%PROTOCOL:5%", "takes no length"],
    ["metadata of no place", "%METADATA(NONSENSE:a)%", "needs a place of metadata"],
    ["metadata without a name", "%METADATA(ROUTE)%", "needs a place of metadata"],
    ["a missing argument", "%REQ%", "needs an argument"],
    ["an empty argument", "%REQ()%", "needs an argument"],
    ["two alternatives", "%REQ(a?b?c)%", "needs an argument"],
    ["a percent sign alone", "50% of it", "a % stands alone"],
    ["an operator that is not closed", "%REQ(a)", "a % stands alone"],
    ["what is not Unicode", "\ud800 %PROTOCOL%", "well-formed Unicode"],
  ])("refuses %s", (_name, format, problem) => {
    expect(logFormatProblem(format)).toContain(problem);
  });
});
