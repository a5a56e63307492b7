/** Generates docs/schema/*.json and docs/asyncapi.json. */
import {
  actionDescriptions,
  clientFrameDescriptions,
  observationDescriptions,
  serverFrameDescriptions,
  terminalClientFrameDescriptions,
  terminalServerFrameDescriptions,
} from "../../protocol/src/text/descriptions.ts";
import { wireSchemas, type JsonSchema } from "../../protocol/src/json-schemas.ts";
import { protocolVersion } from "../../protocol/src/wire/version.ts";

type Schemas = Readonly<Record<string, JsonSchema>>;
type Descriptions = Readonly<Record<string, string>>;

interface SchemaFile {
  readonly title: string;
  readonly schemas: Schemas;
  readonly descriptions: Descriptions;
}

/** By file name in docs/schema. */
function schemaFiles(): Readonly<Record<string, SchemaFile>> {
  const wire = wireSchemas();
  return {
    actions: { title: "Actions as the server sends them", schemas: wire.actions, descriptions: actionDescriptions },
    commands: {
      title: "Actions as a native client sends them",
      schemas: wire.commands,
      descriptions: actionDescriptions,
    },
    observations: { title: "Observations", schemas: wire.observations, descriptions: observationDescriptions },
    "client-frames": {
      title: "Control frames from a native client",
      schemas: wire.clientFrames,
      descriptions: clientFrameDescriptions,
    },
    "server-frames": {
      title: "Control frames to a native client",
      schemas: wire.serverFrames,
      descriptions: serverFrameDescriptions,
    },
    "terminal-client-frames": {
      title: "Frames from a watcher of a terminal",
      schemas: wire.terminalClientFrames,
      descriptions: terminalClientFrameDescriptions,
    },
    "terminal-server-frames": {
      title: "Frames to a watcher of a terminal",
      schemas: wire.terminalServerFrames,
      descriptions: terminalServerFrameDescriptions,
    },
  };
}

/** The files, by path relative to the repository. */
export function jsonFiles(): Readonly<Record<string, string>> {
  const files = schemaFiles();
  const texts = Object.entries(files).map(([name, file]) => [`docs/schema/${name}.json`, toText(jsonSchema(file))]);
  return { ...Object.fromEntries(texts), "docs/asyncapi.json": toText(asyncApi(files)) };
}

function jsonSchema({ title, schemas, descriptions }: SchemaFile): object {
  const names = Object.keys(schemas);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    $comment: `deckhand ${protocolVersion}`,
    anyOf: names.map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: Object.fromEntries(names.map((name) => [name, { description: descriptions[name] ?? "", ...schemas[name] }])),
  };
}

/** The native dialect. The classic one is defined by its existing clients and not described here. */
function asyncApi(files: Readonly<Record<string, SchemaFile>>): object {
  const fromClient = ["commands", "client-frames"];
  const all = Object.keys(files);
  const ofTerminal = all.filter((name) => name.startsWith("terminal-"));
  const ofNative = all.filter((name) => !ofTerminal.includes(name));
  const components = (names: readonly string[]): object =>
    Object.fromEntries(messagesOf(names).map((name) => [name, { $ref: `#/components/messages/${name}` }]));
  const messagesOf = (names: readonly string[]): readonly string[] =>
    names.flatMap((file) => Object.keys(files[file]?.schemas ?? {}).map((name) => `${file}-${name}`));
  const refs = (names: readonly string[]): object[] =>
    messagesOf(names).map((name) => ({ $ref: `#/channels/native/messages/${name}` }));
  const channel = { $ref: "#/channels/native" };
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Deckhand, native dialect",
      version: protocolVersion,
      description: "Subprotocol `deckhand.v1`. PROTOCOL.md says what the frames mean together.",
    },
    servers: { local: { host: "127.0.0.1:3000", protocol: "ws" } },
    channels: {
      native: { address: "/ws", messages: components(ofNative) },
      terminal: { address: "/api/conversations/{id}/terminals/{terminal}", messages: components(ofTerminal) },
    },
    operations: {
      take: { action: "receive", channel, messages: refs(fromClient) },
      tell: { action: "send", channel, messages: refs(ofNative.filter((name) => !fromClient.includes(name))) },
    },
    components: { messages: Object.fromEntries(all.flatMap((name) => messages(name, files[name]))) },
  };
}

function messages(file: string, { schemas, descriptions }: SchemaFile = { title: "", schemas: {}, descriptions: {} }) {
  return Object.keys(schemas).map((name) => {
    const schema = { $ref: `schema/${file}.json#/$defs/${name}` };
    const isEvent = file === "actions" || file === "observations";
    const payload = isEvent ? { allOf: [ofConversation, schema] } : schema;
    return [`${file}-${name}`, { name, summary: descriptions[name] ?? "", contentType: "application/json", payload }];
  });
}

/** On a native socket, an event names its conversation. */
const ofConversation = {
  type: "object",
  properties: { conversation: { type: "string" } },
  required: ["conversation"],
};

function toText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
