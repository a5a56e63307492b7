import type { Messages } from "./messages.ts";
import { actions } from "./zh-hans/actions.ts";
import { app } from "./zh-hans/app.ts";
import { approval } from "./zh-hans/approval.ts";
import { board } from "./zh-hans/board.ts";
import { common } from "./zh-hans/common.ts";
import { composer } from "./zh-hans/composer.ts";
import { conversations } from "./zh-hans/conversations.ts";
import { history } from "./zh-hans/history.ts";
import { inbox } from "./zh-hans/inbox.ts";
import { models } from "./zh-hans/models.ts";
import { newTask } from "./zh-hans/new-task.ts";
import { settings } from "./zh-hans/settings.ts";
import { timeline } from "./zh-hans/timeline.ts";
import { work } from "./zh-hans/work.ts";

export const zhHans: Messages = {
  common,
  app,
  newTask,
  models,
  conversations,
  timeline,
  actions,
  composer,
  approval,
  inbox,
  board,
  history,
  work,
  settings,
};
