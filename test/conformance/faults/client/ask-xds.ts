/** Runs inside a bed: asks the control plane for one type of resource over a real connection, and prints what came of it. */
import { text } from "node:stream/consumers";
import { type ClientDuplexStream, credentials, makeGenericClientConstructor, status } from "@grpc/grpc-js";
import { decodeMessage, encodeMessage } from "../../../../proto/messages.ts";
import { typeUrls } from "../../../../src/core/xds-resource.ts";
import type { XdsOutcome, XdsQuestion } from "./xds-question.ts";

// Written by whoever starts this.
const question = JSON.parse(await text(process.stdin)) as XdsQuestion;
const outcome = await askXds(question);
process.stdout.write(JSON.stringify(outcome));
process.exit(0);

function askXds({ node, type, names, seconds, holds, ...where }: XdsQuestion): Promise<XdsOutcome> {
  const call = openStream(where);
  let resources: readonly string[] | undefined;
  return new Promise((resolve) => {
    const tell = (end: XdsOutcome["end"]): void => resolve({ ...(resources && { resources }), ...(end && { end }) });
    setTimeout(() => tell(undefined), seconds * 1000);
    call.on("data", (bytes: Buffer) => {
      const response = decodeMessage("envoy.service.discovery.v3.DeltaDiscoveryResponse", bytes);
      resources = (response.resources ?? []).flatMap(({ name }) => name ?? []);
      process.stderr.write("answered\n");
      if (!holds) tell(undefined);
    });
    call.on("error", () => undefined);
    call.on("status", ({ code, details }) => tell({ code: status[code] ?? String(code), details }));
    const request = { node, typeUrl: typeUrls[type], resourceNamesSubscribe: [...names] };
    call.write(Buffer.from(encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", request)));
  });
}

type Where = Pick<XdsQuestion, "address" | "serverName" | "authorityPem" | "certificate">;

function openStream({ address, serverName, authorityPem, certificate }: Where): ClientDuplexStream<Buffer, Buffer> {
  const [key, cert] = certificate ? [Buffer.from(certificate.key), Buffer.from(certificate.cert)] : [null, null];
  const channel = credentials.createSsl(Buffer.from(authorityPem), key, cert);
  const Client = makeGenericClientConstructor({}, "AggregatedDiscoveryService");
  const client = new Client(address, channel, { "grpc.ssl_target_name_override": serverName });
  const pass = (bytes: Buffer): Buffer => bytes;
  const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
  return client.makeBidiStreamRequest(path, pass, pass);
}
