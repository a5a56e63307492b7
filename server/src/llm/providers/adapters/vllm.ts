/** vLLM. https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html */
import { compatibleProvider } from "./compatible.ts";

export const vllm = compatibleProvider({
  prefixes: ["vllm", "hosted_vllm"],
  label: "vLLM",
  url: "http://127.0.0.1:8000/v1",
  keyVariables: [],
  priceListId: null,
});
