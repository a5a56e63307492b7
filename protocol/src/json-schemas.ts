/**
 * The protocol as JSON Schemas, for docs/schema, AsyncAPI and the hash that guards the version. Objects are open:
 * readers ignore fields that they do not know.
 */
import { z } from "zod";
import { actionArgs } from "./wire/actions.ts";
import { eventSchemas } from "./wire/event.ts";
import { clientAction, clientFrames, serverFrames } from "./wire/frames.ts";
import { terminalClientFrames, terminalServerFrames } from "./wire/terminal-frames.ts";

export type JsonSchema = { readonly [key: string]: unknown };
type Schemas = Readonly<Record<string, JsonSchema>>;

export interface WireSchemas {
  /** Actions and observations as the server sends them. */
  readonly actions: Schemas;
  readonly observations: Schemas;
  /** Actions as a native client sends them. */
  readonly commands: Schemas;
  readonly clientFrames: Schemas;
  readonly serverFrames: Schemas;
  /** On the socket of a terminal. */
  readonly terminalClientFrames: Schemas;
  readonly terminalServerFrames: Schemas;
}

export function wireSchemas(): WireSchemas {
  return {
    actions: map(eventSchemas.actions, (schema) => toJson(schema, "output")),
    observations: map(eventSchemas.observations, (schema) => toJson(schema, "output")),
    commands: map(actionArgs, (args, kind) => toJson(clientAction.extend({ action: z.literal(kind), args }), "input")),
    clientFrames: map(clientFrames, (schema, name) => toJson(z.object({ [name]: schema }), "input")),
    serverFrames: map(serverFrames, (schema, name) => toJson(z.object({ [name]: schema }), "output")),
    terminalClientFrames: map(terminalClientFrames, (schema, name) => toJson(z.object({ [name]: schema }), "input")),
    terminalServerFrames: map(terminalServerFrames, (schema, name) => toJson(z.object({ [name]: schema }), "output")),
  };
}

function toJson(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema: json }) => {
      if (json.additionalProperties === false) delete json.additionalProperties;
      // Noise that zod adds: the bounds of safe integers, and a regular expression for date-time.
      if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
      if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
      if (json.format === "date-time") delete json.pattern;
    },
  });
  return rest;
}

function map<V, R>(record: Readonly<Record<string, V>>, make: (value: V, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, make(value, key)]));
}
