import {
  EnvoyConfigCoreV3HeaderValueOptionHeaderAppendAction as AppendAction,
  type EnvoyConfigCoreV3HeaderValueOption,
} from "../../../proto/gen/types.ts";
import type { HttpHeader, HttpHeaderModifier } from "../../core/gateway-api.ts";
import { firstOfEachHeader } from "./route-match.ts";

/** How a route, or one weighted cluster of it, changes headers. */
export interface HeaderMutation {
  readonly toAdd?: readonly EnvoyConfigCoreV3HeaderValueOption[];
  readonly toRemove?: readonly string[];
}

/** Prints a header modifier. Envoy removes first and then adds in order, so `set` comes before `add`. */
export function headerMutation(modifier: HttpHeaderModifier | undefined): HeaderMutation {
  if (modifier === undefined) return {};
  const { set = [], add = [], remove = [] } = modifier;
  const toAdd = [
    ...set.map((header) => headerOption(header, AppendAction.OVERWRITE_IF_EXISTS_OR_ADD)),
    ...add.map((header) => headerOption(header, AppendAction.APPEND_IF_EXISTS_OR_ADD)),
  ];
  return {
    ...(toAdd.length > 0 && { toAdd }),
    ...(remove.length > 0 && { toRemove: remove.map((name) => name.toLowerCase()) }),
  };
}

/** A modifier with the entries that count: of several with one name, in a list of one filter, the first. */
export function readModifier({ set, add, ...others }: HttpHeaderModifier): HttpHeaderModifier {
  return {
    ...others,
    ...(set && { set: firstOfEachHeader(set) }),
    ...(add && { add: firstOfEachHeader(add) }),
  };
}

/** Joins two modifiers into one that does what the first and then the second would do. */
export function joinModifiers(
  first: HttpHeaderModifier | undefined,
  second: HttpHeaderModifier | undefined,
): HttpHeaderModifier | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const overruled = new Set([...names(second.set ?? []), ...(second.remove ?? []).map((name) => name.toLowerCase())]);
  const stands = ({ name }: HttpHeader) => !overruled.has(name.toLowerCase());
  const firstAdd = (first.add ?? []).filter(stands);
  const set = [...(first.set ?? []).filter(stands), ...(second.set ?? [])];
  return {
    set,
    add: [...firstAdd, ...(second.add ?? [])],
    remove: [...(first.remove ?? []), ...(second.remove ?? [])],
  };
}

function headerOption(
  { name, value }: HttpHeader,
  appendAction: (typeof AppendAction)[keyof typeof AppendAction],
): EnvoyConfigCoreV3HeaderValueOption {
  // A value is text, not one of Envoy's formats: without this, %REQ(authorization)% would be filled in.
  return { header: { key: name.toLowerCase(), value: value.replaceAll("%", "%%") }, appendAction };
}

function names(headers: readonly HttpHeader[]): readonly string[] {
  return headers.map(({ name }) => name.toLowerCase());
}
