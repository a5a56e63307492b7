/** What each kind is for, in one line: the text of docs/PROTOCOL.md and of the JSON Schemas. */
import type { ActionKind } from "../wire/actions.ts";
import type { clientFrames, serverFrames } from "../wire/frames.ts";
import type { ObservationKind } from "../wire/observations.ts";
import type { terminalClientFrames, terminalServerFrames } from "../wire/terminal-frames.ts";

export const actionDescriptions: Readonly<Record<ActionKind, string>> = {
  initialize:
    "Who does the work and with what; a key that is missing keeps what is configured. Also takes the names of the classic clients (`LLM_MODEL`, `LLM_API_KEY`, `LLM_BASE_URL`, `AGENT`, `MAX_ITERATIONS` …). Answered by `agent_state_changed`: `loading`, then `init`.",
  start: "A task. As the first line on a fresh socket it starts a conversation with the configured defaults.",
  message: "What a person or the agent says. With `wait_for_response` the agent waits for an answer.",
  read: "Reads lines of a text file: from `start` (counted from 0) up to, not including, `end` (-1: to the end).",
  write: "Writes a file, or replaces its lines from `start` up to, not including, `end`.",
  edit: "Replaces a text in a file; it must be there once, or `replace_all` be true. Or applies a `patch` to several files.",
  run: "Runs a command in the conversation's shell. After `timeout` seconds it goes on as a job (`on_timeout`: or is interrupted); with `background` it is one at once, with `tty` one that has a terminal.",
  job: "Looks at a job of the conversation, and before that types into it, sends a signal, or gives its terminal another size; then waits up to `wait` seconds for its end. Answered with what it has printed since the last look, or with its screen.",
  run_ipython: "Runs Python in a notebook kernel.",
  browse: "Fetches a page.",
  browse_interactive: "Acts in a browser. Answered by `browse`.",
  search: "Searches the files under `path` for a regular expression.",
  think: "A thought. Nothing is done.",
  plan: "The tasks that the agent means to do, and how far it is.",
  delegate:
    "Hands a task to another agent, which works on it in a conversation of its own, a child of this one, in the same workspace.",
  call_tool: "Calls a tool of an MCP server; the model knows it as `server__tool`.",
  restore:
    "Brings the workspace back to what it was at event `at`, commands included. Only a client can ask for it, and not while the agent works. What it is now is kept first, so `restore` with an event before this one takes it back. Where files were changed outside the agent's turns since, it is refused with `changed_since` unless `force` is true.",
  finish:
    "The work is done; `thought` sums it up. Of the agent's, `evidence` has each claim with the command that shows it and how that ended, and `changes` the files that are others since its turn began. Answered by the state `finished`.",
  reject: "The agent cannot or will not do it. Answered by the state `rejected`.",
  add_task: "From the first protocol; stored, without effect.",
  modify_task: "From the first protocol; stored, without effect.",
  change_agent_state:
    "Pauses, resumes or stops the agent; what it has started as a job goes on, unless `stopped` comes with `jobs`. `user_confirmed` and `user_rejected` answer for whatever waits for an approval; they are stored as `approve`.",
  approve:
    "Allows or denies the action with that id, which waits. The first answer counts, another is a `conflict`. `allow_for_conversation` remembers the `rules` of its question, `allow_for_server` for all conversations.",
  allow_host:
    "A person lets the commands of this conversation reach a host, or takes that back. What is so already is a `conflict`. An agent cannot do it.",
  compact:
    "In what the model reads, the events `from` to `to` lose their long outputs or are replaced by a summary. The agent's own; the log keeps the originals.",
};

export const observationDescriptions: Readonly<Record<ObservationKind, string>> = {
  read: "The lines. An agent is also shown folders (as a list), notebooks (as text) and images.",
  write: "The file is written; `content` is empty.",
  edit: "A unified diff.",
  run: "The output, head and tail where it is long; then `whole` says where all of it can be read. `exit_code` is 130 after an interruption and -1 where the shell went away or the command goes on as `job`; `network` has the hosts that were refused.",
  job: "What a job has printed since the last look, or, where `screen` is there, what its terminal shows. Without a `cause`: the job has ended, and `content` says so.",
  run_ipython: "What the cell printed.",
  browse: "The page as HTML; `text` is what the model reads of it.",
  search: "Matching lines as `path:line:text`.",
  plan: "The plan as it is now.",
  delegate: "What the other agent gives back, its conversation, and the state in which that came to rest.",
  child:
    "A child has begun, waits for a person, goes on or rests, with all that it has used so far. Without a `cause`. Bookkeeping.",
  call_tool: "What the tool returned, as text; `is_error` where it says itself that it failed.",
  restore: "The workspace is what it was at event `at`. What is left out of snapshots was not touched.",
  snapshot:
    "What the workspace was after event `after`. Made before and after what may change it; one that is the same as the last is not told. Bookkeeping.",
  chat: "The agent has taken in the message or task that is the `cause`. One without its `chat` is still queued.",
  agent_state_changed: "The state of the conversation, with a `reason` where there is one.",
  user_rejected: "A person has denied the action.",
  error: "What was asked for could not be done; `code` is one of the list below.",
  reply:
    "What the model replied, as it came, with its usage and cost, and in `context` how full its context was and of what. Bookkeeping: the actions that follow name it in `tool_call`.",
  title:
    "A title for the conversation, made by the model, with its usage and cost. A person's own title goes before it. Bookkeeping.",
  upload: "What a person put into the workspace, not by an action: what is large, or no text. The first hundred files.",
  imported:
    "What came before was imported from a file: the settings in it hold no longer, nor do limits that were raised there. Bookkeeping.",
  knowledge:
    "What files of the workspace, and of the user's own, say to agents (instructions, skills by name, microagents), as the model is told it. Bookkeeping.",
  terminal:
    "A person has opened a terminal in the sandbox, beside the agent's work, or it has closed. What is typed and shown there stands in no event. Bookkeeping.",
  tools:
    "The tools of MCP servers that the model is told of from here on: taken when the first turn begins, and anew after a summary and after `initialize`. Bookkeeping.",
  hook: "What a hook of the user did, where it blocked, failed or printed something. Bookkeeping.",
  nudge:
    "The server tells the model that it goes round in a circle (if it goes on, the turn ends with the code `stuck`), or that it stopped in the middle of its task. Bookkeeping.",
  status: "What it waits for: a retry and why. Bookkeeping.",
};

export const clientFrameDescriptions: Readonly<Record<keyof typeof clientFrames, string>> = {
  subscribe:
    "Follow a conversation: the events after `after` (-1: all), then what comes. `many`: the past in frames of many events (`past`), which is several times as quick for a browser.",
  unsubscribe: "Stop following it.",
  subscribe_list: "Follow the list of all conversations: what changes in it from now on, not what is there.",
  unsubscribe_list: "Stop following it.",
};

export const serverFrameDescriptions: Readonly<Record<keyof typeof serverFrames, string>> = {
  hello: "The first frame on every socket, with the limits that hold for it.",
  past: "Events of the past, many in a frame, for who asked for `many`: in order, without `conversation` in each.",
  caught_up: "The past is over; what follows is live. `id` is that of the last event, -1 for an empty log.",
  delta:
    "Streamed text of the model's reply, of its reasoning, or of the output of the action with that id. May be dropped; it is whole in the event that follows. Of `runtime`: what the start of the sandbox is at, each text instead of the one before, empty when that is over. With `again`: all of it so far, or its end, instead of what came before; for who has just caught up.",
  ack: "The command is stored as event `id`.",
  error: "The frame was refused. The socket stays open.",
  list: "Conversations that have changed, each as it is by now, and ids of those that are gone. `again`: ask for the list again, for more may have changed; the first one says so. Every 20 seconds an empty one, as a sign of life.",
  tick: "Every 20 seconds for each conversation that is followed: a sign of life, and the id of its last event.",
};

export const terminalClientFrameDescriptions: Readonly<Record<keyof typeof terminalClientFrames, string>> = {
  input: "What was typed.",
  size: "The rows and columns that this watcher can show. The terminal has those of who typed last, else of who came first.",
};

export const terminalServerFrameDescriptions: Readonly<Record<keyof typeof terminalServerFrames, string>> = {
  screen:
    "First, and again for one that was behind: instead of all before, what an empty terminal of that size has to be given to show the same, scrollback included.",
  output: "What was printed since.",
  size: "The terminal has another size.",
  watchers: "How many watch it, this one included.",
  refused: "The frame was not taken: the program does not read, or it is no frame.",
  ended: "The shell's exit code, -1 where nobody knows. The last frame; the socket is closed with 1000.",
};
