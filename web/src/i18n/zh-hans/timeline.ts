import type { Messages } from "../messages.ts";

export const timeline: Messages["timeline"] = {
  queued: "排队中",
  queuedDescription: "当前步骤结束后发送",
  sending: "正在发送…",
  attachedImage: "附加的图片",
  reasoning: "思考过程",
  thinking: "正在思考…",
  thoughtFor: (duration) => `思考了 ${duration}`,
  step: (number) => `第 ${number} 步`,
  tokens: (input, output) => `输入 ${input} · 输出 ${output}`,
  workedFor: (duration) => `用时 ${duration}`,
  scrollToEnd: "滚动到底部",
  copyText: "复制文本",
  copyCode: "复制代码",
  copyLink: "复制链接",
  nextItem: "下一条消息或操作",
  previousItem: "上一条消息或操作",

  notes: {
    compaction: "已总结对话以释放上下文",
    claimsNotVerified: "部分结论未能验证，已要求智能体检查。",
    interrupted: "完成前已停止",
    uploaded: (paths) => `已上传文件：${paths}`,
    nudges: {
      repeat: "已提醒智能体：它在重复相同的操作。",
      repeat_error: "已提醒智能体：它在重复失败的操作。",
      monologue: "已提醒智能体：它在重复相同的消息。",
      alternation: "已提醒智能体：它在相同的操作之间来回切换。",
      unfinished: "已提醒智能体：计划中还有未完成的任务。",
    },
  },

  finished: "已完成",
  couldNotComplete: "未能完成",
  verification: "验证",
  verdicts: { shown: "已验证", failed: "失败", stale: "已过期", missing: "未验证" },
  outputs: "输出",
};
