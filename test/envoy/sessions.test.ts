import { envoyPath } from "../support/envoy.ts";
import { describeSessions } from "./sessions.case.ts";

describeSessions("sessions", envoyPath);
