/**
 * Assembles the part of classic BPF that a system call filter needs, from instructions with labels to the kernel's byte
 * format. Source: linux/bpf_common.h (opcodes), linux/filter.h (struct sock_filter: u16 code, u8 jt, u8 jf, u32 k, in
 * the machine's byte order, which is little-endian on both supported architectures).
 */
export type Instruction =
  /** Loads the 32-bit word at this offset of the kernel's record. */
  | { readonly op: "load"; readonly offset: number }
  /** Masks the loaded word. */
  | { readonly op: "and"; readonly bits: number }
  /** Jumps to `to` if the test is true. */
  | { readonly op: "if"; readonly is: "equal" | "above" | "anyBit"; readonly value: number; readonly to: string }
  | { readonly op: "return"; readonly value: number }
  | { readonly op: "label"; readonly name: string };

const opcodes = { load: 0x20, and: 0x54, return: 0x06 } as const;
const jumps = { equal: 0x15, above: 0x25, anyBit: 0x45 } as const;
const instructionBytes = 8;
/** Jump offsets have eight bits. */
const maxJump = 255;

/** Throws on a label that is missing, behind the jump or out of reach: a bug in the program. */
export function assemble(program: readonly Instruction[]): Uint8Array {
  const labels = new Map<string, number>();
  const code: Exclude<Instruction, { op: "label" }>[] = [];
  for (const each of program) {
    if (each.op === "label") labels.set(each.name, code.length);
    else code.push(each);
  }
  const bytes = Buffer.alloc(code.length * instructionBytes);
  for (const [at, each] of code.entries()) {
    const start = at * instructionBytes;
    bytes.writeUInt16LE(each.op === "if" ? jumps[each.is] : opcodes[each.op], start);
    bytes.writeUInt32LE(operand(each) >>> 0, start + 4);
    if (each.op !== "if") continue;
    const offset = (labels.get(each.to) ?? -1) - at - 1;
    if (offset < 0 || offset > maxJump) throw new Error(`the filter cannot jump to ${each.to}`);
    bytes.writeUInt8(offset, start + 2);
  }
  return bytes;
}

function operand(each: Exclude<Instruction, { op: "label" }>): number {
  switch (each.op) {
    case "load":
      return each.offset;
    case "and":
      return each.bits;
    case "if":
    case "return":
      return each.value;
  }
}
