/** For English and code with the tokenizers of 2025, rounded up a little. */
const initialTokensPerChar = 0.3;
/**
 * A ratio beyond these comes from something else in the request: images, or a provider that leaves out cached tokens.
 */
const minTokensPerChar = 0.1;
const maxTokensPerChar = 1.5;

/** Converts characters to tokens by the ratio of the last request. */
export class TokenEstimator {
  #tokensPerChar = initialTokensPerChar;

  /** `tokens` as the provider counted them; 0 when it does not count. */
  learn(chars: number, tokens: number): void {
    if (tokens <= 0 || chars <= 0) return;
    this.#tokensPerChar = Math.min(maxTokensPerChar, Math.max(minTokensPerChar, tokens / chars));
  }

  tokens(chars: number): number {
    return Math.ceil(chars * this.#tokensPerChar);
  }

  chars(tokens: number): number {
    return Math.floor(tokens / this.#tokensPerChar);
  }
}
