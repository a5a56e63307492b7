import { actions } from "./en/actions.ts";
import { app } from "./en/app.ts";
import { approval } from "./en/approval.ts";
import { board } from "./en/board.ts";
import { common } from "./en/common.ts";
import { composer } from "./en/composer.ts";
import { conversations } from "./en/conversations.ts";
import { history } from "./en/history.ts";
import { inbox } from "./en/inbox.ts";
import { models } from "./en/models.ts";
import { newTask } from "./en/new-task.ts";
import { settings } from "./en/settings.ts";
import { timeline } from "./en/timeline.ts";
import { work } from "./en/work.ts";

export const en = {
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
} as const;
