/** The tables of docs/PROTOCOL.md, by the name of their placeholder. */
import { isRunnable, unavailableActions } from "../../protocol/src/state/runnable.ts";
import {
  actionDescriptions,
  clientFrameDescriptions,
  observationDescriptions,
  serverFrameDescriptions,
  terminalClientFrameDescriptions,
  terminalServerFrameDescriptions,
} from "../../protocol/src/text/descriptions.ts";
import { errorKinds } from "../../protocol/src/wire/errors.ts";
import { wireSchemas, type JsonSchema } from "../../protocol/src/json-schemas.ts";
import { agentStates } from "../../protocol/src/wire/states.ts";
import { protocolVersion } from "../../protocol/src/wire/version.ts";
import { markdownTable } from "./markdown-table.ts";

export function protocolTables(): Readonly<Record<string, string>> {
  const wire = wireSchemas();
  const unavailable: readonly string[] = unavailableActions;
  return {
    version: `Version ${protocolVersion}.`,
    states: `${agentStates.map((state) => `\`${state}\``).join(", ")}.`,
    actions: markdownTable(
      ["action", "args", "meaning"],
      Object.entries(actionDescriptions).map(([kind, text]) => [
        `\`${kind}\`${isRunnable(kind) ? " ▸" : ""}`,
        fields(property(wire.commands[kind], "args")),
        unavailable.includes(kind) ? `${text} *Not implemented: answered with \`not_available\`.*` : text,
      ]),
    ),
    observations: markdownTable(
      ["observation", "extras", "content and meaning"],
      Object.entries(observationDescriptions).map(([kind, text]) => [
        `\`${kind}\``,
        fields(property(wire.observations[kind], "extras")),
        text,
      ]),
    ),
    client_frames: markdownTable(
      ["frame", "fields", "meaning"],
      Object.entries(clientFrameDescriptions).map(([name, text]) => [
        `\`${name}\``,
        fields(property(wire.clientFrames[name], name)),
        text,
      ]),
    ),
    server_frames: markdownTable(
      ["frame", "fields", "meaning"],
      Object.entries(serverFrameDescriptions).map(([name, text]) => [
        `\`${name}\``,
        fields(property(wire.serverFrames[name], name)),
        text,
      ]),
    ),
    terminal_client_frames: markdownTable(
      ["frame", "fields", "meaning"],
      Object.entries(terminalClientFrameDescriptions).map(([name, text]) => [
        `\`${name}\``,
        frameFields(wire.terminalClientFrames[name], name),
        text,
      ]),
    ),
    terminal_server_frames: markdownTable(
      ["frame", "fields", "meaning"],
      Object.entries(terminalServerFrameDescriptions).map(([name, text]) => [
        `\`${name}\``,
        frameFields(wire.terminalServerFrames[name], name),
        text,
      ]),
    ),
    errors: markdownTable(
      ["code", "sentence", "retryable", "close"],
      Object.entries<{ sentence: string; retryable: boolean; close?: number }>(errorKinds).map(([name, kind]) => [
        `\`${name}\``,
        kind.sentence,
        kind.retryable ? "yes" : "",
        String(kind.close ?? ""),
      ]),
    ),
  };
}

/** One line: each field with its type and its default, or a question mark when it is optional. */
function fields(schema: JsonSchema): string {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  // `thought`, which nearly every action takes, is described once above the table.
  const isCommon = ([name, inner]: [string, unknown]): boolean => name === "thought" && "default" in objectOf(inner);
  const properties = Object.entries(objectOf(schema["properties"])).filter((entry) => !isCommon(entry));
  const cells = properties.map(([name, inner]) => {
    const type = typeOf(objectOf(inner));
    if ("default" in objectOf(inner)) return `\`${name}\` ${type} = ${JSON.stringify(objectOf(inner)["default"])}`;
    return `\`${name}\`${required.includes(name) ? "" : "?"} ${type}`;
  });
  return cells.join("; ");
}

/** The value of a frame's key: the fields of an object, or a bare type. */
function frameFields(schema: JsonSchema | undefined, name: string): string {
  const inner = property(schema, name);
  return "properties" in inner ? fields(inner) : typeOf(inner);
}

function typeOf(schema: JsonSchema): string {
  const { type, anyOf, oneOf, items } = schema;
  if ("const" in schema) return JSON.stringify(schema["const"]);
  // Error codes have a table of their own.
  if (Array.isArray(schema["enum"])) return schema["enum"].length > 12 ? "a code" : schema["enum"].join(" | ");
  const variants = anyOf ?? oneOf;
  if (Array.isArray(variants)) return [...new Set(variants.map((variant) => typeOf(objectOf(variant))))].join(" | ");
  if (type === "array") return `${typeOf(objectOf(items))}[]`;
  if (type === "object" && "properties" in schema) return `{${fields(schema)}}`;
  if (Array.isArray(type)) return type.join(" | ");
  return typeof type === "string" ? type : "any";
}

function property(schema: JsonSchema | undefined, name: string): JsonSchema {
  return objectOf(objectOf(schema?.["properties"])[name]);
}

function objectOf(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? (value as JsonSchema) : {};
}
