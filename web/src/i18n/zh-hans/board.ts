import type { Messages } from "../messages.ts";

export const board: Messages["board"] = {
  empty: "暂无对话",
  emptyDescription: "对话会按状态分组显示在这里。",
  searchResults: (query) => `“${query}”的搜索结果`,
  columns: { needsYou: "需要处理", works: "运行中", waits: "等待中", rests: "已完成" },
  emptyColumns: {
    needsYou: "没有需要处理的对话",
    works: "没有运行中的对话",
    waits: "没有等待中的对话",
    rests: "没有已完成的对话",
  },
};
