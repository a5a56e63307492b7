/** The classic clients' tokens: a JWT (HS256) whose `sid` is the conversation. It says which, not who: the door says who. */
import { jwtVerify, SignJWT } from "jose";
import { checkConversationId } from "./conversation-id.ts";

export interface ClassicTokens {
  sign(conversation: string): Promise<string>;
  /** The conversation that the token is for, undefined where it is none of ours. */
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
