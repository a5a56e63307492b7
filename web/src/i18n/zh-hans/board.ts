import type { Messages } from "../messages.ts";

export const board: Messages["board"] = {
  empty: "暂无对话",
  emptyDescription: "对话会按状态分组显示在这里。",
  searchResults: (query) => `“${query}”的搜索结果`,
  columns: { needsAttention: "需要处理", running: "运行中", waiting: "等待中", done: "已完成" },
  emptyColumns: {
    needsAttention: "没有需要处理的对话",
    running: "没有运行中的对话",
    waiting: "没有等待中的对话",
    done: "没有已完成的对话",
  },
};
