import type { Messages } from "./messages.ts";
import { actions } from "./de/actions.ts";
import { app } from "./de/app.ts";
import { approval } from "./de/approval.ts";
import { board } from "./de/board.ts";
import { common } from "./de/common.ts";
import { composer } from "./de/composer.ts";
import { conversations } from "./de/conversations.ts";
import { history } from "./de/history.ts";
import { inbox } from "./de/inbox.ts";
import { models } from "./de/models.ts";
import { newTask } from "./de/new-task.ts";
import { settings } from "./de/settings.ts";
import { timeline } from "./de/timeline.ts";
import { work } from "./de/work.ts";

export const de: Messages = {
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
