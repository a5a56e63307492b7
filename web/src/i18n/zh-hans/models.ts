import type { Messages } from "../messages.ts";

export const models: Messages["models"] = {
  connectTitle: "连接模型以开始使用",
  connectDescription: "尚未配置 API 密钥，也未找到本地模型（Ollama、LM Studio、llama.cpp、vLLM）。请选择一种方式：",
  apiKey: "API 密钥",
  customEndpoint: "自定义端点",
  detectLocal: "检测本地模型",
  tryDemo: "试用演示",
  tryDemoDescription: "运行一个预设任务，无需 API 密钥。",

  provider: "提供商",
  model: "模型",
  addKey: "添加 API 密钥",
  testModel: "用于测试的模型",
  keyDescription: "密钥会先经过测试，再保存到你的服务器。",
  testAndSave: "测试并保存",
  saveAnyway: "仍然保存",
  keySaved: (provider) => `${provider} API 密钥已保存`,

  baseUrl: "Base URL",
  firstAvailableModel: "第一个可用模型",
  optionalKey: "API 密钥（可选）",
  testAndUse: "测试并使用",

  test: "测试",
  testNamed: (name) => `测试 ${name}`,
  testing: "正在测试…",
  testResult: (model) => `${model} 的测试结果`,
  testPassed: (model) => `${model} 可用。`,
  testFailed: (model) => `${model} 尚不可用。`,
  findings: { reply: "回复", tools: "工具", images: "图片", context: "上下文窗口", price: "价格" },
};
