import type { Messages } from "../messages.ts";

export const history: Messages["history"] = {
  history: "历史",
  open: "查看历史",
  viewHere: "查看此步骤的状态",
  position: "历史位置",
  positionOf: (at, last) => `${at} / ${last}`,
  previous: "上一步",
  next: "下一步",
  returnToLatest: "返回最新状态",
  fork: "从此处创建分叉",
  forked: "已创建分叉",

  restore: "将文件恢复到此状态…",
  restoreTitle: "将文件恢复到此状态？",
  restoreDescription: "工作区文件将恢复到此状态，之后可以撤销。对话保持不变。",
  restoreFiles: (count) => `恢复 ${count} 个文件`,
  restored: "文件已恢复",
  discardForeignChanges: "同时放弃不是由智能体所做的更改",
  changedByOthers: "之后被他人更改",
  affectedFiles: "受影响的文件",
  nothingToRestore: "无更改：文件已与此状态一致。",
  fileStatuses: {
    added: "已添加",
    modified: "已修改",
    deleted: "已删除",
    renamed: "已重命名",
    type_changed: "类型已更改",
  },

  files: "此状态的文件",
  noFiles: "此状态没有文件",
  findFile: "查找文件",
  cannotPreview: "文件过大或为二进制文件，无法预览。",
};
