import { createHmac } from "node:crypto";

/** The token that proves to a fleet's agents that a request comes from whoever provisioned them: HMAC-SHA256 in hex. */
export function deriveFleetToken(tokenKey: string, gatewayUid: string): string {
  return createHmac("sha256", Buffer.from(tokenKey, "hex")).update(gatewayUid).digest("hex");
}
