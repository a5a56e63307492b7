/**
 * Checks the first bytes of a tunnel. If they start TLS, the server name that the client asks for (SNI, RFC 6066) must
 * be the host that the tunnel was opened to. Otherwise every host that shares its addresses with an allowed one (any on
 * the same CDN) could be reached. A hidden name (ECH), or a request for another host inside the encryption, is not
 * detected.
 *
 * The ClientHello may be split over any number of TLS records (RFC 8446, 5.1) and TCP segments, and servers reassemble
 * it. It is therefore gathered in full before the first byte is sent, and whatever a lenient server might read in
 * another way is cut: another record before or inside it, an empty record, a second name, lengths that do not add up.
 */
import { Transform, type TransformCallback } from "node:stream";

/** Record types of TLS: change_cipher_spec to heartbeat. Servers ignore some of them before a ClientHello. */
const firstRecordType = 20;
const lastRecordType = 24;
const handshake = 22;
const maxRecordBytes = 16_384;
/** Post-quantum key shares and ECH make it some kilobytes. */
const maxHelloBytes = 65_536;
/** With the headers of its records. */
const maxHeldBytes = 2 * maxHelloBytes;

export interface ServerNamePolicy {
  /** Only TLS that asks for a server by name passes. Otherwise traffic without TLS, or without a name, passes too. */
  readonly required: boolean;
  allows(name: string): boolean;
  /** Called before the tunnel is cut for another reason than a name that is not allowed. */
  onMalformed?(): void;
}

/** Passes all bytes through once the policy has been met; until then none. */
export function serverNameGate({ required, allows, onMalformed }: ServerNamePolicy): Transform {
  const hello = new HelloReader();
  let passing = false;

  const refuse = (done: TransformCallback, why: string): void => {
    onMalformed?.();
    done(new Error(why));
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (passing) return done(null, chunk);
      const state = hello.add(chunk);
      if (state === "incomplete") return done();
      if (state === "malformed") return refuse(done, "the TLS handshake is malformed");
      if (state === "no_tls") {
        if (required) return refuse(done, "only TLS is allowed on this port");
      } else {
        const names = serverNames(hello.message());
        if (names === undefined || names.length > 1) return refuse(done, "the TLS handshake is malformed");
        const [name] = names;
        if (name === undefined && required) return refuse(done, "the TLS handshake names no server");
        if (name !== undefined && !allows(name)) {
          return done(new Error("the TLS server name differs from the host of the tunnel"));
        }
      }
      passing = true;
      done(null, hello.held());
    },
    flush(done) {
      if (passing || hello.isEmpty) return done();
      // A single byte is not yet TLS.
      return required || hello.isTls ? refuse(done, "the TLS handshake is incomplete") : done(null, hello.held());
    },
  });
}

/** Reassembles the first handshake message from TLS records. The work is linear in the bytes, however they arrive. */
class HelloReader {
  readonly #chunks: Buffer[] = [];
  readonly #header: number[] = [];
  readonly #parts: Buffer[] = [];
  #heldBytes = 0;
  #helloBytes = 0;
  #remainingInRecord = 0;
  #second: number | undefined;

  get isEmpty(): boolean {
    return this.#heldBytes === 0;
  }

  get isTls(): boolean {
    return this.#second === 3;
  }

  held(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  message(): Buffer {
    return Buffer.concat(this.#parts);
  }

  add(chunk: Buffer): "incomplete" | "complete" | "malformed" | "no_tls" {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    for (let at = 0; at < chunk.length;) {
      if (this.#remainingInRecord > 0) {
        const part = chunk.subarray(at, at + this.#remainingInRecord);
        at += part.length;
        this.#remainingInRecord -= part.length;
        this.#parts.push(part);
        this.#helloBytes += part.length;
        const state = this.#progress();
        if (state !== "incomplete") return state;
        continue;
      }
      this.#header.push(chunk[at] ?? 0);
      at += 1;
      const [type = 0, major, , high = 0, low = 0] = this.#header;
      if (this.#header.length <= 2 && this.#parts.length === 0) {
        const isTlsType = type >= firstRecordType && type <= lastRecordType;
        if (!isTlsType || (major !== undefined && major !== 3)) return "no_tls";
        this.#second = major;
      }
      if (this.#header.length < 5) continue;
      const length = high * 256 + low;
      if (type !== handshake || major !== 3 || length === 0 || length > maxRecordBytes) return "malformed";
      this.#remainingInRecord = length;
      this.#header.length = 0;
    }
    return this.#heldBytes > maxHeldBytes ? "malformed" : "incomplete";
  }

  /** The message must be a ClientHello, and must end with a record. */
  #progress(): "incomplete" | "complete" | "malformed" {
    if (this.#helloBytes < 4) return "incomplete";
    if ((this.#parts[0]?.length ?? 0) < 4) this.#parts.splice(0, this.#parts.length, this.message());
    const start = this.#parts[0] ?? Buffer.alloc(4);
    const length = 4 + start.readUIntBE(1, 3);
    if (start[0] !== 1 || length > maxHelloBytes || this.#helloBytes > length) return "malformed";
    if (this.#helloBytes < length) return "incomplete";
    return this.#remainingInRecord === 0 ? "complete" : "malformed";
  }
}

/**
 * The names in a ClientHello (RFC 8446, 4.1.2 and 4.2; RFC 6066, 3): none or one. Undefined if a length does not add up,
 * the extension is there twice, or its list has another entry.
 */
export function serverNames(hello: Buffer): string[] | undefined {
  try {
    // The handshake header, version, random.
    let at = 4 + 2 + 32;
    at += 1 + hello.readUInt8(at);
    at += 2 + hello.readUInt16BE(at);
    at += 1 + hello.readUInt8(at);
    if (at === hello.length) return [];
    if (at + 2 + hello.readUInt16BE(at) !== hello.length) return undefined;
    at += 2;
    const names: string[] = [];
    while (at < hello.length) {
      const type = hello.readUInt16BE(at);
      const length = hello.readUInt16BE(at + 2);
      at += 4 + length;
      if (at > hello.length) return undefined;
      if (type !== 0) continue;
      const list = hello.subarray(at - length, at);
      const nameLength = list.readUInt16BE(3);
      const isOneHost = list.readUInt16BE(0) === length - 2 && list[2] === 0 && nameLength === length - 5;
      if (!isOneHost || nameLength === 0 || names.length > 0) return undefined;
      names.push(list.toString("latin1", 5));
    }
    return names;
  } catch {
    return undefined;
  }
}
