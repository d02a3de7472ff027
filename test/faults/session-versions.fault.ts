import { describeSessions } from "../envoy/sessions.case.ts";
import { supportedEnvoys } from "./support/supported-envoys.ts";

for (const { minor, binary } of supportedEnvoys()) {
  describeSessions(`fault 17: Envoy ${minor} keeps sessions, and lets no client choose where it goes`, binary);
}
