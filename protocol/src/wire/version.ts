/**
 * The version of the wire. `version.test.ts` hashes the schemas: whoever changes what is on the wire gives it a new
 * version here and says in docs/PROTOCOL.md what changed.
 */
export const protocolVersion = "1.0.0";
