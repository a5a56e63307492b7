/** How many tokens characters are, as the model has counted them so far. */

/** Of English and code with the tokenizers of 2025, a little on the safe side. */
const usualTokensPerChar = 0.3;
/** Beyond these it was something else that was counted: images, a cache that is not. */
const least = 0.1;
const most = 1.5;

export class TokenEstimator {
  #tokensPerChar = usualTokensPerChar;

  /** `tokens` as the provider counted them; 0 when it counts nothing. */
  learn(chars: number, tokens: number): void {
    if (tokens > 0 && chars > 0) this.#tokensPerChar = Math.min(most, Math.max(least, tokens / chars));
  }

  tokens(chars: number): number {
    return Math.ceil(chars * this.#tokensPerChar);
  }

  chars(tokens: number): number {
    return Math.floor(tokens / this.#tokensPerChar);
  }
}
