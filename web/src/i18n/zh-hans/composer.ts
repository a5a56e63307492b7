import type { Messages } from "../i18n.ts";

export const composer: Messages["composer"] = {
  message: "消息",
  placeholder: "给智能体发消息",
  placeholderWhileWorking: "给智能体发消息（当前步骤结束后发送）",
  focus: "写消息",
  attach: "附加文件或图片",
  removeAttachment: (name) => `移除 ${name}`,
  dropToAttach: "将图片和文件拖放到此处",
  imageTooLarge: (name) => `图片 ${name} 过大。`,
  tooManyImages: (count) => `最多可附加 ${count} 张图片。`,
  uploadedFiles: (paths) => `工作区中的文件：${paths}`,

  pause: "暂停",
  resume: "继续",
  activity: {
    running: "正在运行",
    reading: "正在读取",
    writing: "正在写入",
    editing: "正在编辑",
    opening: "正在打开",
    searching: "正在搜索",
    delegating: "正在等待",
    calling: "正在调用",
    replying: "正在回复",
    thinking: "正在思考",
    starting: "正在启动",
    waitingForModel: "正在等待模型",
  },
  retrying: (attempt) => `正在重试（第 ${attempt} 次）`,
  waitingForSandbox: (stage) => `正在等待沙箱：${stage}`,
  limitReached: {
    limit_steps: "已暂停：达到步数上限",
    limit_cost: "已暂停：达到费用上限",
    limit_tokens: "已暂停：达到 token 上限",
    limit_time: "已暂停：达到时间上限",
  },

  backgroundProcesses: "后台进程",
  backgroundProcess: "后台进程",
  stopProcess: (id) => `停止进程 ${id}`,

  blockedHosts: "已阻止的网络访问",
  blockedHost: "已阻止网络访问：",
  dismiss: "忽略",
  openPorts: "预览",
  previewPort: (port) => `预览：端口 ${port}`,
};
