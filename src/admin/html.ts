/** Text that is HTML already. Everything else is escaped where it is put into a page. */
export interface Html {
  readonly html: string;
}

/** Builds HTML from a template: values are escaped, HTML made here goes in as it is, lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const filled = parts.map((part, index) => part + (index < values.length ? render(values[index]) : ""));
  return { html: filled.join("") };
}

export type HtmlValue = string | number | Html | readonly Html[] | undefined;

function render(value: HtmlValue): string {
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "number") return escapeText(String(value));
  if ("html" in value) return value.html;
  return value.map((item) => item.html).join("");
}

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
