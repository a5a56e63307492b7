/** The control frames of the native protocol, `deckhand.v1`. Events and actions are the other frames. */
import { z } from "zod";
import { conversationRow } from "./conversation-row.ts";
import { errorCodes } from "./errors.ts";

/** Subprotocol name, and the value of `?protocol=`. */
export const nativeProtocol = "deckhand.v1";

const conversation = z.string().min(1).max(200);
/** An event id, or -1 for before the first event. */
const eventId = z.int().min(-1);

export const clientFrames = {
  subscribe: z.object({
    conversation,
    after: eventId.default(-1),
    deltas: z.boolean().default(true),
    /** Send the history in `history` frames of many events instead of one frame per event. */
    batch: z.boolean().default(false),
  }),
  unsubscribe: z.object({ conversation }),
  subscribe_list: z.object({}),
  unsubscribe_list: z.object({}),
};

/**
 * An action of a native client names its conversation. With a `command` id it is idempotent: sent again, it happens
 * once.
 */
export const clientAction = z.object({
  action: z.string(),
  args: z.unknown().optional(),
  conversation,
  command: z.string().min(1).max(200).optional(),
});

export const serverFrames = {
  /** The first frame on every native socket. */
  hello: z.object({
    protocol: z.literal(nativeProtocol),
    server: z.string(),
    version: z.string(),
    limits: z.object({ frame_bytes: z.int(), frames_per_second: z.int(), subscriptions: z.int() }),
  }),
  /** Events before the live ones, for clients that asked for `batch`: in order, without `conversation` in each. */
  history: z.object({ conversation, events: z.array(z.record(z.string(), z.unknown())) }),
  /** The history is complete; what follows is live. `id` is -1 for an empty log. */
  caught_up: z.object({ conversation, id: eventId }),
  /**
   * Streamed text: of the model's reply, of its reasoning, or of the output of the action with the given id. Deltas may
   * be dropped; the event that follows has the full text. For `runtime`, `text` is the current step of starting the
   * sandbox and replaces the previous one; empty once it has started or failed.
   */
  delta: z.object({
    conversation,
    of: z.union([z.literal("reply"), z.literal("reasoning"), z.literal("runtime"), z.int()]),
    text: z.string(),
    /** `text` is everything so far, or its end, and replaces what was sent before. Sent after catching up. */
    replace: z.boolean().optional(),
  }),
  /** The command is stored as event `id`. */
  ack: z.object({ command: z.string().optional(), id: z.int() }),
  error: z.object({
    command: z.string().optional(),
    conversation: z.string().optional(),
    code: z.enum(errorCodes),
    message: z.string(),
    retryable: z.boolean(),
  }),
  /**
   * Changes in the list of conversations: each changed conversation once, in its current state, and the ids of deleted
   * ones. `reload`: there may be more changes, so read the list again. The first frame says so; an empty one is sent
   * every 20 s as a heartbeat.
   */
  list: z.object({ rows: z.array(conversationRow), gone: z.array(z.string()), reload: z.boolean() }),
  /** Sent every 20 s for each subscription: a heartbeat with the id of the last event. */
  tick: z.object({ conversation, head: eventId }),
};

export type FramesOf<S extends Record<string, z.ZodType>> = { [K in keyof S]: { [P in K]: z.infer<S[K]> } }[keyof S];
export type ServerFrame = FramesOf<typeof serverFrames>;
export type ClientFrame = FramesOf<typeof clientFrames>;
export type DeltaFrame = z.infer<typeof serverFrames.delta>;
export type Delta = Omit<DeltaFrame, "conversation">;
