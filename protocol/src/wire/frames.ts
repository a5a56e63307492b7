/** The control frames of the native dialect, `deckhand.v1`. Events and actions are the other frames. */
import { z } from "zod";
import { errorCodes } from "./errors.ts";
import { conversationRow } from "./conversation-row.ts";

/** Subprotocol name, and the value of `?protocol=`. */
export const nativeProtocol = "deckhand.v1";

const conversation = z.string().min(1).max(200);
const after = z.int().min(-1);

export const clientFrames = {
  subscribe: z.object({
    conversation,
    after: after.default(-1),
    deltas: z.boolean().default(true),
    /** The past comes in `past` frames. */
    many: z.boolean().default(false),
  }),
  unsubscribe: z.object({ conversation }),
  subscribe_list: z.object({}),
  unsubscribe_list: z.object({}),
};

/** An action from a native client names its conversation and, so that it happens once, its command. */
export const clientAction = z.object({
  action: z.string(),
  args: z.unknown().optional(),
  conversation,
  command: z.string().min(1).max(200).optional(),
});

export const serverFrames = {
  /** First frame on every native socket. */
  hello: z.object({
    protocol: z.literal(nativeProtocol),
    server: z.string(),
    version: z.string(),
    limits: z.object({ frame_bytes: z.int(), frames_per_second: z.int(), subscriptions: z.int() }),
  }),
  /** Events of the past, for who asked for many in a frame: in order, as they would come one by one, without `conversation` in each. */
  past: z.object({ conversation, events: z.array(z.record(z.string(), z.unknown())) }),
  /** The past is over; what follows is live. `id` is -1 for an empty log. */
  caught_up: z.object({ conversation, id: after }),
  /**
   * Text that streams in and may be dropped: of a model's reply, of its reasoning, or (a number) of the output of
   * the action with that id. It is whole in the event that follows. Of `runtime`: what the start of the sandbox is at, each instead
   * of the one before; empty when it has started or failed.
   */
  delta: z.object({
    conversation,
    of: z.union([z.literal("reply"), z.literal("reasoning"), z.literal("runtime"), z.int()]),
    text: z.string(),
    /** All of it so far, or its end, for who has just caught up: instead of what came before. */
    again: z.boolean().optional(),
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
   * What has changed in the list of conversations: each once, as it is by now. With `again` more may have changed than is told:
   * whoever keeps a list asks for it again. The first one says so, and an empty one comes every 20 s.
   */
  list: z.object({ rows: z.array(conversationRow), gone: z.array(z.string()), again: z.boolean() }),
  /** Every 20 s for each subscription: liveness, and where the log's end is. */
  tick: z.object({ conversation, head: after }),
};

type Frames<S extends Record<string, z.ZodType>> = { [K in keyof S]: { [P in K]: z.infer<S[K]> } }[keyof S];
export type ServerFrame = Frames<typeof serverFrames>;
export type ClientFrame = Frames<typeof clientFrames>;
export type DeltaFrame = z.infer<typeof serverFrames.delta>;
export type Delta = Omit<DeltaFrame, "conversation">;
