import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** One request to a Gateway. */
export interface ClientRequest {
  readonly scheme: "http" | "https";
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly path: string;
  /** Certificates to trust. */
  readonly authorities?: readonly string[];
}

/** What came back. */
export type ClientAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: "failed"; readonly message: string };

/** Sends one request on a connection of its own; never throws. */
export function sendRequest(request: ClientRequest, patienceMs = 5_000): Promise<ClientAnswer> {
  const { scheme, address, port, host, path, authorities = [] } = request;
  const tls = scheme === "https" ? { servername: host, ca: [...authorities] } : {};
  const options = { host: address, port, path, headers: { host }, agent: false, timeout: patienceMs, ...tls };
  return new Promise((resolve) => {
    const fail = ({ message }: Error): void => resolve({ kind: "failed", message });
    const call = (scheme === "https" ? httpsRequest : httpRequest)(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("error", fail);
      response.on("end", () => {
        const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
        resolve({ kind: "answered", status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body });
      });
    });
    call.on("timeout", () => call.destroy(new Error(`no answer in ${patienceMs} ms`)));
    call.on("error", fail);
    call.end();
  });
}
