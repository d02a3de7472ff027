import type { RawObject } from "../core/kube-client.ts";

/** Who asks the API server for something, as it has authenticated them. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What of a request the webhook looks at. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: string;
  /** `CREATE` or `UPDATE`, for what the webhook is registered for. */
  readonly operation: string;
  readonly user: UserInfo;
  /** As it would be stored. */
  readonly object?: RawObject;
  /** As it is stored; absent where there is none yet. */
  readonly oldObject?: RawObject;
}

/** What the API server is told. */
export interface AdmissionAnswer {
  readonly allowed: boolean;
  /** For whoever asked; without it where nothing is refused. */
  readonly message?: string;
  /** One line each, which kubectl prints. */
  readonly warnings: readonly string[];
}

/** What nobody has to hear anything about. */
export const silentYes: AdmissionAnswer = { allowed: true, warnings: [] };

/**
 * Reads an AdmissionReview of admission.k8s.io/v1; undefined for anything else.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request
 */
export function readAdmissionReview(body: unknown): AdmissionRequest | undefined {
  const review = fieldsOf(body);
  if (review["apiVersion"] !== apiVersion || review["kind"] !== "AdmissionReview") return undefined;
  const request = fieldsOf(review["request"]);
  const { uid, operation } = request;
  const { kind } = fieldsOf(request["kind"]);
  if (typeof uid !== "string" || typeof operation !== "string" || typeof kind !== "string") return undefined;
  const [object, oldObject] = [readObject(request["object"]), readObject(request["oldObject"])];
  return {
    uid,
    kind,
    operation,
    user: readUser(fieldsOf(request["userInfo"])),
    ...(object && { object }),
    ...(oldObject && { oldObject }),
  };
}

/** The AdmissionReview that goes back. */
export function writeAdmissionReview(uid: string, { allowed, message, warnings }: AdmissionAnswer): object {
  const status = message === undefined ? undefined : { code: 403, reason: "Forbidden", message };
  const response = { uid, allowed, ...(status && { status }), ...(warnings.length > 0 && { warnings }) };
  return { apiVersion, kind: "AdmissionReview", response };
}

const apiVersion = "admission.k8s.io/v1";

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {}; // parsed JSON
}

function readObject(value: unknown): RawObject | undefined {
  const { name } = fieldsOf(fieldsOf(value)["metadata"]);
  return typeof name === "string" ? (value as RawObject) : undefined; // it has what every object has
}

function readUser({ username, uid, groups, extra }: Fields): UserInfo {
  return {
    username: typeof username === "string" ? username : "",
    ...(typeof uid === "string" && { uid }),
    ...(isTexts(groups) && { groups }),
    extra: Object.fromEntries(
      Object.entries(fieldsOf(extra)).flatMap(([key, values]) => (isTexts(values) ? [[key, values]] : [])),
    ),
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
