/**
 * How providers report errors: their codes, and text patterns for providers without codes. A new provider whose errors
 * are not recognized needs a line here and a recording.
 */

/**
 * The conversation is too long: OpenAI and compatible ("maximum context length"), vLLM ("longer than the maximum model
 * length"), Anthropic ("prompt is too long", "exceed context limit"), Google ("input token count … exceeds the
 * maximum"), llama.cpp and LM Studio ("exceeds the available context size", "context length of only", "tokens to keep
 * from the initial prompt is greater than the context length"), Ollama ("exceeds the context length", "input length
 * exceeds", "exceeded max context length"), Bedrock ("input is too long"), xAI ("maximum prompt length"), Groq ("reduce
 * the length of the messages"), Mistral ("too large for model with").
 */
export const tooLongPatterns = [
  /maximum context length/i,
  /longer than the maximum model length/i,
  /prompt is too long/i,
  /exceed(s|ed)? (the )?(available |max(imum)? )?context/i,
  /input is too long/i,
  /maximum prompt length/i,
  /input token count.*exceeds the maximum/i,
  /context length of only/i,
  /greater than the context length/i,
  /input length.*exceeds/i,
  /reduce the length of the (messages|prompt|input)/i,
  /too large for model with/i,
];
export const tooLongCodes = new Set([
  "context_length_exceeded",
  "exceed_context_size_error",
  "model_context_window_exceeded",
]);
export const noCreditCodes = new Set([
  "insufficient_quota",
  "billing_error",
  "insufficient_balance",
  "billing_hard_limit_reached",
]);
export const noModelCodes = new Set(["model_not_found", "not_found_error", "NOT_FOUND", "invalid_model"]);
/** From Bedrock and DeepSeek, with status 400. */
export const noModelPatterns = [/model identifier is invalid/i, /model not exist/i];
/** From xAI, with status 400. */
export const wrongKeyPatterns = [/incorrect api key/i];
/** From xAI, with status 403. */
export const violationPatterns = [/violates usage guidelines/i];
export const refusedCodes = new Set(["content_filter", "content_policy_violation", "content_policy"]);
/**
 * From servers without tool support: Ollama ("does not support tools"), vLLM ("requires --enable-auto-tool-choice"),
 * llama.cpp ("tools param requires --jinja flag"), OpenRouter ("No endpoints found that support tool use").
 */
export const noToolsPatterns = [
  /does not support (tools|tool use|tool calling|function calling)/i,
  /requires --enable-auto-tool-choice/i,
  /tools? param requires --jinja/i,
  /no endpoints found that support tool use/i,
];
