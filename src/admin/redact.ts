/** What stands in the place of a secret. */
export const redacted = "[redacted]";

/**
 * Takes every secret out of a decoded Envoy resource: whatever stands in a field that holds secrets, the values of headers
 * that carry credentials, and any string that is a private key, wherever it stands. Certificates are public and stay.
 */
export function redactSecrets(json: unknown): unknown {
  if (typeof json === "string") return holdsPrivateKey(json) ? redacted : json;
  if (Array.isArray(json)) return json.map(redactSecrets);
  if (typeof json !== "object" || json === null) return json;
  const credential = isCredentialHeader(json);
  return Object.fromEntries(
    Object.entries(json).map(([field, value]) => {
      const secret = secretFields.has(field) || (credential && headerValueFields.has(field));
      return [field, secret ? redacted : redactSecrets(value)];
    }),
  );
}

/** Fields of Envoy's API whose whole content is secret. */
const secretFields: ReadonlySet<string> = new Set([
  "private_key",
  "private_key_provider",
  "pkcs12",
  "password",
  "session_ticket_keys",
  "generic_secret",
  "secret",
  "secrets",
  "client_secret",
  "hmac_secret",
  "token_secret",
  "credentials",
  "inline_credential",
]);

const headerValueFields: ReadonlySet<string> = new Set(["value", "raw_value"]);
const credentialHeader = /^(?:proxy-)?authorization$|^(?:set-)?cookie$|api-?key|token|secret|password/i;

function isCredentialHeader(json: object): boolean {
  return "key" in json && typeof json.key === "string" && credentialHeader.test(json.key);
}

const keyMark = "PRIVATE KEY-----";

/** Bytes are shown in base64: a key is one there too. */
function holdsPrivateKey(text: string): boolean {
  if (text.includes(keyMark)) return true;
  return text.length >= 64 && /^[\w+/-]+=*$/.test(text) && Buffer.from(text, "base64").includes(keyMark);
}
