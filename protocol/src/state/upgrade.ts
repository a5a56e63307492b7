/**
 * Events of protocol 1.0.0, as stored logs and exported files of earlier builds contain them, converted to 1.1.0.
 * Events of the current version pass unchanged, so that converting twice is harmless. docs/PROTOCOL.md lists what was
 * renamed.
 */
type Fields = Readonly<Record<string, unknown>>;

export function upgradeEvent(event: Fields): Fields {
  if ("approval" in event) return upgradeApproval(event);
  if (event["action"] === "compact") return upgradeCompact(event);
  const extras = event["extras"];
  if (!isObject(extras)) return event;
  switch (event["observation"]) {
    case "snapshot":
      return {
        ...event,
        observation: "checkpoint",
        extras: rename(extras, { outside: "external", left_out: "excluded" }),
      };
    case "restore":
      return { ...event, extras: rename(extras, { taken_back: "reverted", left_out: "excluded" }) };
    case "knowledge":
      return { ...event, observation: "instructions", extras: upgradeInstructions(extras) };
    case "hook":
      return { ...event, extras: rename(extras, { told: "shown_to_model" }) };
    case "error":
      return { ...event, extras: upgradeError(extras) };
    default:
      return event;
  }
}

/** The reasons of an approval request: sentences in 1.0.0, codes since. */
export function upgradeReasons(reasons: readonly unknown[]): readonly unknown[] {
  return reasons.map((reason) => reasonCodes.get(reason) ?? reason);
}

const reasonCodes: ReadonlyMap<unknown, string> = new Map([
  ["An MCP server does it, outside of the sandbox.", "external_tool"],
  ["It reaches the network.", "network"],
  ["It runs without a sandbox.", "no_sandbox"],
  ["It writes outside the workspace.", "outside_workspace"],
  ["Every action is asked about.", "policy_always"],
  ["Commands are asked about.", "confirmation_mode"],
]);

function upgradeApproval(event: Fields): Fields {
  const approval = event["approval"];
  if (!isObject(approval) || !Array.isArray(approval["reasons"])) return event;
  return { ...event, approval: { ...approval, reasons: upgradeReasons(approval["reasons"]) } };
}

function upgradeCompact(event: Fields): Fields {
  const args = event["args"];
  return isObject(args) && args["how"] === "mask" ? { ...event, args: { ...args, how: "prune" } } : event;
}

function upgradeInstructions(extras: Fields): Fields {
  const { pieces, ...rest } = extras;
  if (!Array.isArray(pieces)) return extras;
  const files = pieces.map((piece: unknown) =>
    isObject(piece) && piece["kind"] === "deeper" ? { ...piece, kind: "listed" } : piece,
  );
  return { ...rest, files };
}

const errorCodes: ReadonlyMap<unknown, string> = new Map([
  ["no_snapshot", "no_checkpoint"],
  ["snapshot_failed", "checkpoint_failed"],
]);

function upgradeError(extras: Fields): Fields {
  const code = errorCodes.get(extras["code"]);
  return code === undefined ? extras : { ...extras, code };
}

/** Keeps the order of the keys. */
function rename(fields: Fields, names: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [names[name] ?? name, value]));
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
