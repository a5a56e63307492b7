import type { Messages } from "../messages.ts";

export const inbox: Messages["inbox"] = {
  empty: "没有需要处理的事项",
  emptyDescription: "所有对话中的提问、批准请求和失败都会显示在这里。",
  moreItems: "处理完这些后会显示更多。",
  waitingForApproval: "等待批准",
  needsReply: "需要回复",
  seen: "已查看",
  nextItem: "下一项",
  previousItem: "上一项",
  openConversation: "打开对话",
  markAsSeen: "标记为已查看",
  reply: "回复",
  replyPlaceholder: "回复智能体",
  continue: "继续",
  modelSettings: "模型设置",
};
