import type { Words } from "../words.ts";

export const work: Words["work"] = {
  events: "事件",
  files: "文件",
  upload: "上传",
  downloadZip: "下载 zip",
  back: "返回",
  sending: "正在发送…",
  firstShown: (count) => `显示前 ${count} 项。`,
  showEarlier: (count) => `显示更早的（${count}）`,
  action: "动作",
  observation: "观察",
  of: (cause) => `对应 ${cause}`,
  listening: "监听端口：",
  openPorts: "开放端口",
};
