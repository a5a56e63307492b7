/**
 * Checks the first bytes of a tunnel. If they start a TLS handshake, the server name that the client asks for (SNI, RFC
 * 6066) must be the host that the tunnel was opened to. Otherwise every host that shares its addresses with an allowed
 * one (any on the same CDN) could be reached. A hidden name (ECH), or a request for another host inside the encryption,
 * is not detected. Non-TLS traffic passes.
 */
import { Transform, type TransformCallback } from "node:stream";

const handshake = 22;
/**
 * A record's header and its maximum content: RFC 8446, 5.1. No known client splits its ClientHello over several
 * records.
 */
const maxHelloBytes = 5 + 16_384;

/** Passes all bytes through. If there is a server name, `allows` decides about it before the first byte is sent. */
export function serverNameGate(allows: (name: string) => boolean): Transform {
  let held: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (held === undefined) return done(null, chunk);
      held = Buffer.concat([held, chunk]);
      if (held[0] === handshake && !isComplete(held)) return done();
      const hello = held;
      held = undefined;
      const name = hello[0] === handshake ? serverName(hello) : undefined;
      if (name !== undefined && !allows(name))
        return done(new Error("the TLS server name differs from the host of the tunnel"));
      done(null, hello);
    },
    flush: (done) => done(null, held),
  });
}

function isComplete(bytes: Buffer): boolean {
  return bytes.length >= maxHelloBytes || (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt16BE(3));
}

/** Undefined if the ClientHello has none or is malformed. RFC 8446, 4.1.2 and 4.2. */
export function serverName(record: Buffer): string | undefined {
  try {
    if (record[5] !== 1) return undefined;
    // Record and handshake headers, version, random.
    let at = 5 + 4 + 2 + 32;
    at += 1 + record.readUInt8(at);
    at += 2 + record.readUInt16BE(at);
    at += 1 + record.readUInt8(at);
    const end = Math.min(record.length, at + 2 + record.readUInt16BE(at));
    at += 2;
    while (at + 4 <= end) {
      const type = record.readUInt16BE(at);
      const length = record.readUInt16BE(at + 2);
      // A length-prefixed list whose first entry is a host name (type 0).
      if (type === 0 && record.readUInt8(at + 6) === 0) {
        const nameLength = record.readUInt16BE(at + 7);
        return record.subarray(at + 9, at + 9 + nameLength).toString("latin1");
      }
      at += 4 + length;
    }
  } catch {
    // The record is truncated.
  }
  return undefined;
}
