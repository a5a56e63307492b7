/**
 * The version of the protocol (semantic versioning). version.test.ts holds a hash of the schemas for each version: to
 * change what is on the wire, raise the version here, add the hash there, and describe the change in docs/PROTOCOL.md.
 */
export const protocolVersion = "1.1.0";
