import type { ObjectName } from "./explanation.ts";

/** Stands for whatever the reader may not see. No namespace has a space in it, so it is taken for none. */
export const hiddenText = "another namespace";

/** What is shown of an object that the reader may not see: its kind. */
export function hiddenObject(kind: string): ObjectName {
  return { kind, namespace: hiddenText, name: "" };
}

/** Whether an object was hidden from the reader: what stands beside it is not its own then. */
export function isHidden({ namespace }: { readonly namespace: string }): boolean {
  return namespace === hiddenText;
}
