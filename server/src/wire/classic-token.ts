/**
 * Tokens of classic clients: a JWT (HS256) whose `sid` is the conversation id. It identifies the conversation and
 * grants no access to the server.
 */
import { jwtVerify, SignJWT } from "jose";
import { checkConversationId } from "./conversation-id.ts";

export interface ClassicTokens {
  sign(conversation: string): Promise<string>;
  /** The id of the token's conversation; undefined for an invalid token. */
  verify(token: string): Promise<string | undefined>;
}

export function createClassicTokens(secret: string): ClassicTokens {
  const key = new TextEncoder().encode(secret);
  return {
    sign: (conversation) =>
      new SignJWT({ sid: conversation }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key),
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ["HS256"] });
        return typeof payload["sid"] === "string" ? checkConversationId(payload["sid"]) : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
