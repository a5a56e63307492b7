/** Connecting a model: API keys, endpoints and the test that checks them. */
export const models = {
  connectTitle: "Connect a model to get started",
  connectDescription:
    "No API key is configured, and no local model was found (Ollama, LM Studio, llama.cpp, vLLM). Choose one:",
  apiKey: "API key",
  customEndpoint: "Custom endpoint",
  detectLocal: "Detect local models",
  tryDemo: "Try the demo",
  tryDemoDescription: "Runs one scripted task, no API key needed.",

  provider: "Provider",
  model: "Model",
  addKey: "Add API key",
  testModel: "Model to test with",
  keyDescription: "We test the key before saving it on your server.",
  testAndSave: "Test and save",
  saveAnyway: "Save anyway",
  keySaved: (provider: string) => `${provider} API key saved`,

  baseUrl: "Base URL",
  firstAvailableModel: "First available model",
  optionalKey: "API key (optional)",
  testAndUse: "Test and use",

  test: "Test",
  testNamed: (name: string) => `Test ${name}`,
  testing: "Testing…",
  testResult: (model: string) => `Test result for ${model}`,
  testPassed: (model: string) => `${model} works.`,
  testFailed: (model: string) => `${model} does not work yet.`,
  findings: { reply: "Reply", tools: "Tools", images: "Images", context: "Context window", price: "Price" },
} as const;
