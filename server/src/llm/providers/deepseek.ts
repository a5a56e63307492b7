/**
 * DeepSeek. It wants the reasoning between the steps of a turn back, as `reasoning_content`, and passes over that of turns before.
 * https://api-docs.deepseek.com/guides/thinking_mode
 */
import { compatibleProvider } from "./compatible.ts";

export const deepseek = compatibleProvider({
  prefixes: ["deepseek"],
  label: "DeepSeek",
  url: "https://api.deepseek.com/v1",
  keys: ["DEEPSEEK_API_KEY"],
  prices: "deepseek",
});
