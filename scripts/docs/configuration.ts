/** The tables of docs/CONFIGURATION.md: one for each section of the configuration. */
import { options, sections } from "../../server/src/config/config.ts";
import { markdownTable } from "./markdown-table.ts";

export function configurationTables(): Readonly<Record<string, string>> {
  const tables = Object.entries(sections).map(([name, { title }]) => {
    const rows = options
      .filter(({ section }) => section === name)
      .map((option) => {
        const { variable, live, saved, description } = option;
        const applies = live === true ? "at once" : saved === undefined ? "" : "after a restart";
        return [
          variable === undefined ? "" : `\`${variable}\``,
          `\`${option.name}\``,
          defaultOf(option),
          applies,
          description,
        ];
      });
    const table = markdownTable(["variable", "option", "default", "a saved change applies", "description"], rows);
    return [name, `## ${title}\n\n${table}`] as const;
  });
  return Object.fromEntries(tables);
}

function defaultOf({ default: value, defaultText, type }: (typeof options)[number]): string {
  if (defaultText !== undefined) return defaultText;
  if (value === undefined || typeof value === "function") return "";
  const text = type.format(value);
  return text === "" ? "" : `\`${text}\``;
}
