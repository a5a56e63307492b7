/** What each kind means, in a line or two: the text of docs/PROTOCOL.md and of the JSON Schemas. */
import type { ActionKind } from "../wire/actions.ts";
import type { clientFrames, serverFrames } from "../wire/frames.ts";
import type { ObservationKind } from "../wire/observations.ts";
import type { terminalClientFrames, terminalServerFrames } from "../wire/terminal-frames.ts";

export const actionDescriptions: Readonly<Record<ActionKind, string>> = {
  initialize:
    "Sets the model, agent, workspace and limits; a missing key keeps its current value. Also accepts the names that classic clients use (`LLM_MODEL`, `LLM_API_KEY`, `LLM_BASE_URL`, `AGENT`, `MAX_ITERATIONS` …). Followed by `agent_state_changed`: `loading`, then `init`.",
  start:
    "Gives the agent a task. As the first frame on a new socket, it starts a conversation with the default settings.",
  message:
    "A message from a person or the agent. With `wait_for_response`, the agent pauses until it receives an answer.",
  read: "Reads lines of a text file, from `start` (counted from 0) up to but not including `end` (-1: to the end).",
  write: "Writes a file, or replaces its lines from `start` up to but not including `end`.",
  edit: "Replaces a text that occurs exactly once in a file, or, with `replace_all`, every occurrence. Alternatively applies a `patch` to several files.",
  run: "Runs a command in the shell session of the conversation. After `timeout` seconds it becomes a background process, or, with `on_timeout`, is interrupted. `background` starts it as a background process, `tty` as one with a terminal.",
  job: "Checks a background process. Before that it can type into it, send it a signal or resize its terminal; then it waits up to `wait` seconds for the process to end. Returns the output since the last check, or the screen.",
  run_ipython: "Runs Python code in a notebook kernel.",
  browse: "Fetches a web page.",
  browse_interactive: "Performs actions in a browser. Answered by `browse`.",
  search: "Searches the files under `path` for a regular expression.",
  think: "Records a thought; has no effect.",
  plan: "Records the agent's task list and its progress.",
  delegate:
    "Gives a task to a subagent, which works in a conversation of its own, as a child of this one, in the same workspace.",
  call_tool: "Calls a tool of an MCP server; to the model its name is `server__tool`.",
  restore:
    "Restores the workspace to its state at event `at`, including changes made by commands. Only clients can request it, and not while the agent is working. The current state is saved first, so restoring to an earlier event undoes it. If files have been changed outside the agent's turns since then, it fails with `changed_since` unless `force` is true.",
  finish:
    "The agent has completed its task; `thought` is the summary. `evidence` has each claim with the command that shows it and its result, `changes` the files changed since the turn began. Followed by the state `finished`.",
  reject: "The agent cannot or will not do the task. Followed by the state `rejected`.",
  add_task: "From OpenHands 0.9; stored, has no effect.",
  modify_task: "From OpenHands 0.9; stored, has no effect.",
  change_agent_state:
    "Pauses, resumes or stops the agent. Background processes keep running, unless `stopped` comes with `jobs`. `user_confirmed` and `user_rejected` answer the pending approval and are stored as `approve`.",
  approve:
    "Allows or denies the pending action with this id. The first answer counts; later ones fail with `already_done`. `allow_for_conversation` also adds the `rules` of the request to this conversation, `allow_for_server` to all conversations.",
  allow_host:
    "Allows commands of this conversation to access a host, or revokes that. Fails with `already_done` if nothing would change. Not available to agents.",
  compact:
    "Removes long outputs of the events `from` to `to` from the model's context, or replaces these events with a summary. Issued by the server; the log keeps the originals.",
};

export const observationDescriptions: Readonly<Record<ObservationKind, string>> = {
  read: "The lines. Agents can also read folders (as a listing), notebooks (as text) and images.",
  write: "The file was written; `content` is empty.",
  edit: "A unified diff.",
  run: "The output; when long, only its head and tail, and `whole` says where to read all of it. `exit_code` is 130 after an interruption, and -1 if the shell exited or the command continues as `job`. `network` lists connections that were refused.",
  job: "The output of a background process since the last check, or, with `screen`, what its terminal shows. Without a `cause`: the process has ended, and `content` says so.",
  run_ipython: "The output of the cell.",
  browse: "The page as HTML; `text` is the part that the model reads.",
  search: "Matching lines as `path:line:text`.",
  plan: "The current task list.",
  delegate: "The subagent's result, its conversation, and the state in which it ended.",
  child:
    "A subagent started, needs approval, continued or ended; with its total usage so far. Has no `cause`. Bookkeeping.",
  call_tool: "The tool's result as text; `is_error` is set if the tool reported a failure.",
  restore: "The workspace was restored to event `at`. Files that checkpoints exclude were not touched.",
  checkpoint:
    "The state of the workspace after event `after`. Taken before and after anything that may change it, and only recorded if it differs from the previous one. Bookkeeping.",
  chat: "The agent has read the message or task that is the `cause`; until then it is queued.",
  agent_state_changed: "The new state of the conversation, with a `reason` if there is one to give.",
  user_rejected: "A person denied the action.",
  error: "The request could not be fulfilled; `code` is one of the codes below.",
  reply:
    "The model's reply exactly as received, with its usage and cost and, in `context`, how full the context window was. Bookkeeping: the actions that follow refer to it in `tool_call`.",
  title:
    "A title that a model generated, with its usage and cost. A title set by a person takes precedence. Bookkeeping.",
  upload:
    "A person added files to the workspace without an action, because they are large or not text. Lists the first hundred.",
  imported:
    "Earlier events were imported from a file: their settings, rules, allowed hosts and raised limits no longer apply. Bookkeeping.",
  instructions:
    "Instructions from files of the workspace and the user (AGENTS.md, skills, microagents), as given to the model. Bookkeeping.",
  terminal:
    "A person opened a terminal in the sandbox, or it closed. What is typed and shown there is not recorded. Bookkeeping.",
  tools:
    "All MCP tools that the model is offered from here on. Recorded when the first turn begins, and again after a summary and after `initialize`. Bookkeeping.",
  hook: "The result of a user's hook that blocked, failed or printed something. Bookkeeping.",
  nudge:
    "The server told the model that it is stuck in a loop (if it continues, the turn ends with the code `stuck`), or that it stopped in the middle of its task. Bookkeeping.",
  status: "What the agent is waiting for, such as a retry and its reason. Bookkeeping.",
};

export const clientFrameDescriptions: Readonly<Record<keyof typeof clientFrames, string>> = {
  subscribe:
    "Follow a conversation: the events after `after` (-1: all), then new ones. With `batch`, the history arrives in `history` frames of many events, which is several times faster for a browser.",
  unsubscribe: "Stop following it.",
  subscribe_list: "Follow the list of all conversations: changes from now on, not its current contents.",
  unsubscribe_list: "Stop following it.",
};

export const serverFrameDescriptions: Readonly<Record<keyof typeof serverFrames, string>> = {
  hello: "The first frame on every socket, with the limits that apply to it.",
  history:
    "Events of the history, many in one frame, for clients that asked for `batch`: in order, without `conversation` in each.",
  caught_up: "The history is complete; what follows is live. `id` is that of the last event, or -1 for an empty log.",
  delta:
    "Streamed text of the model's reply, of its reasoning, or of the output of the action with that id. Deltas may be dropped; the event that follows has the full text. For `runtime`: the current step of starting the sandbox, replacing the previous one, and empty when done. With `replace`: everything so far, or its end, replacing what was sent before; sent after catching up.",
  ack: "The command is stored as event `id`.",
  error: "The frame was rejected. The socket stays open.",
  list: "Conversations that changed, each in its current state, and ids of deleted ones. `reload`: there may be more changes, so read the list again; the first frame says so. An empty one is sent every 20 seconds as a heartbeat.",
  tick: "Sent every 20 seconds for each subscription: a heartbeat with the id of the last event.",
};

export const terminalClientFrameDescriptions: Readonly<Record<keyof typeof terminalClientFrames, string>> = {
  input: "Text to type.",
  size: "The rows and columns that this client can show. The terminal takes the size of the client that typed last, or of the first one.",
};

export const terminalServerFrameDescriptions: Readonly<Record<keyof typeof terminalServerFrames, string>> = {
  screen:
    "The first frame, and sent again to a client that fell behind: the current screen with its scrollback, as output to write to a cleared terminal of this size.",
  output: "New output.",
  size: "The terminal was resized.",
  watchers: "The number of clients watching, including this one.",
  refused: "The frame was rejected: the program is not reading its input, or the frame is invalid.",
  ended: "The exit code of the shell, -1 if unknown. The last frame; the socket then closes with 1000.",
};
