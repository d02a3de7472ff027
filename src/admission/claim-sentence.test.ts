import { expect, it } from "vitest";
import { namespacedName, objectKey } from "../core/keys.ts";
import type { OwnershipRefusal } from "../core/ownership.ts";
import { claimSentence } from "./claim-sentence.ts";

const holder = { namespace: "billing", object: objectKey("HTTPRoute", namespacedName("billing", "api")) };
const taken: OwnershipRefusal = { hostname: "api.example.com", criterion: "ClaimedFirst", holder };
const path = { type: "PathPrefix", value: "/pay" } as const;

it.each<{ name: string; refusal: OwnershipRefusal; audience: "may-read-holder" | "anybody"; want: string }>([
  {
    name: "names the route to who may read it",
    refusal: taken,
    audience: "may-read-holder",
    want: "Hostname 'api.example.com' is already claimed by HTTPRoute 'api' in namespace 'billing'.",
  },
  {
    name: "names a ListenerSet as one",
    refusal: { ...taken, holder: { ...holder, object: objectKey("ListenerSet", namespacedName("billing", "own")) } },
    audience: "may-read-holder",
    want: "Hostname 'api.example.com' is already claimed by ListenerSet 'own' in namespace 'billing'.",
  },
  {
    name: "names nothing to others",
    refusal: taken,
    audience: "anybody",
    want: "Hostname 'api.example.com' is already claimed in this cluster.",
  },
  {
    name: "does not name a namespace alone",
    refusal: { ...taken, holder: { namespace: "billing" } },
    audience: "may-read-holder",
    want: "Hostname 'api.example.com' is already claimed in this cluster.",
  },
  {
    name: "tells the path where only that is another's",
    refusal: { ...taken, path },
    audience: "may-read-holder",
    want: "Path '/pay' of hostname 'api.example.com' is already claimed by HTTPRoute 'api' in namespace 'billing'.",
  },
  {
    name: "tells the path of a listener without a hostname",
    refusal: { ...taken, hostname: "", path },
    audience: "anybody",
    want: "Path '/pay' of every hostname is already claimed in this cluster.",
  },
])("$name", ({ refusal, audience, want }) => expect(claimSentence(refusal, audience)).toBe(want));
