/** llama.cpp's server. https://github.com/ggml-org/llama.cpp/tree/master/tools/server */
import { compatibleProvider } from "./compatible.ts";

export const llamaCpp = compatibleProvider({
  prefixes: ["llama_cpp"],
  label: "llama.cpp",
  url: "http://127.0.0.1:8080/v1",
  keyVariables: [],
  priceListId: null,
});
