import type { Messages } from "../i18n.ts";

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

  finished: "已完成",
  couldNotComplete: "未能完成",
  verification: "验证",
  verdicts: { shown: "已验证", failed: "失败", stale: "已过期", missing: "未验证" },
  outputs: "输出",
};
