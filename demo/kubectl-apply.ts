import { randomUUID } from "node:crypto";
import { parseAllDocuments } from "yaml";
import type { KubernetesUser } from "./step.ts";
import type { ProposedFile } from "./workspace.ts";

/** What the API server asks the webhook about one object; the demo plays the API server. */
export interface AdmissionReview {
  readonly apiVersion: "admission.k8s.io/v1";
  readonly kind: "AdmissionReview";
  readonly request: {
    readonly uid: string;
    readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
    readonly operation: "CREATE" | "UPDATE";
    readonly name: string;
    readonly namespace: string;
    readonly userInfo: KubernetesUser;
    readonly object: ManifestObject;
    readonly oldObject?: ManifestObject;
  };
}

/** What of an object in a manifest is looked at here. */
interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
}

const webhookKind = "HTTPRoute";

/**
 * The reviews that applying some files leads to: one for each route that is new or another.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request
 */
export function reviewsOf(files: readonly ProposedFile[], userInfo: KubernetesUser): readonly AdmissionReview[] {
  return files.flatMap(({ before = "", after }) => {
    const stored = new Map(readRoutes(before).map((object) => [nameOf(object), object]));
    return readRoutes(after).flatMap((object) => {
      const oldObject = stored.get(nameOf(object));
      const isSame = JSON.stringify(oldObject) === JSON.stringify(object);
      return isSame ? [] : [reviewOf(object, oldObject, userInfo)];
    });
  });
}

/** What the webhook has answered: its message where it refuses, and undefined where it lets the object pass. */
export function readRefusal(review: AdmissionReview, answer: unknown): string | undefined {
  // Another program answers; a field that is missing is told as such.
  const { response } = answer as {
    readonly response?: { readonly uid?: string; readonly allowed?: boolean; readonly status?: { message?: string } };
  };
  if (response?.uid !== review.request.uid) return "this answers another review";
  return response.allowed === true ? undefined : (response.status?.message ?? "refused without a word");
}

function reviewOf(
  object: ManifestObject,
  oldObject: ManifestObject | undefined,
  userInfo: KubernetesUser,
): AdmissionReview {
  const [group = "", version = ""] = object.apiVersion.split("/");
  const { name, namespace } = object.metadata;
  const request = {
    uid: randomUUID(),
    kind: { group, version, kind: object.kind },
    operation: oldObject === undefined ? ("CREATE" as const) : ("UPDATE" as const),
    ...{ name, namespace, userInfo, object },
    ...(oldObject && { oldObject }),
  };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
}

function readRoutes(text: string): readonly ManifestObject[] {
  const documents = parseAllDocuments(text);
  // An empty stream is the only thing that is not an array, and the examples' objects have these fields.
  const objects = "empty" in documents ? [] : documents.map((document) => document.toJS() as ManifestObject);
  return objects.filter(({ kind }) => kind === webhookKind);
}

function nameOf({ metadata: { namespace, name } }: ManifestObject): string {
  return `${namespace}/${name}`;
}
