/**
 * Looks at the first bytes of a tunnel. When they begin TLS, the server that the client asks for (SNI, RFC 6066) must be the host that
 * the tunnel was opened to; else a host that shares its addresses with an allowed one (any on the same CDN) would be reached.
 * What hides the name (ECH) or asks for another inside the encryption is not seen. Anything that is no TLS passes.
 */
import { Transform, type TransformCallback } from "node:stream";

const handshake = 22;
/** A record's header and its longest content: RFC 8446, 5.1. A greeting that takes more than one record is unheard of. */
const maxHelloBytes = 5 + 16_384;

/** Passes everything on; `allows` is asked about the server name, when there is one, before the first byte goes out. */
export function serverNameGate(allows: (name: string) => boolean): Transform {
  let held: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (held === undefined) return done(null, chunk);
      held = Buffer.concat([held, chunk]);
      if (held[0] === handshake && !isWhole(held)) return done();
      const hello = held;
      held = undefined;
      const name = hello[0] === handshake ? serverName(hello) : undefined;
      if (name !== undefined && !allows(name)) return done(new Error("the tunnel asks for another server"));
      done(null, hello);
    },
    flush: (done) => done(null, held),
  });
}

function isWhole(bytes: Buffer): boolean {
  return bytes.length >= maxHelloBytes || (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt16BE(3));
}

/** Undefined where there is none or the greeting is malformed. RFC 8446, 4.1.2 and 4.2. */
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
      // A list with its length in front, of which the first entry is a host name (0).
      if (type === 0 && record.readUInt8(at + 6) === 0) {
        const nameLength = record.readUInt16BE(at + 7);
        return record.subarray(at + 9, at + 9 + nameLength).toString("latin1");
      }
      at += 4 + length;
    }
  } catch {
    // It ends in the middle.
  }
  return undefined;
}
