import { isUtf8 } from 'node:buffer'

/** Methods of Buffer that skip the argument checks of `toString`. */
export type TextBuffer = Buffer & {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

/** The string in these bytes, or undefined when they are not UTF-8. */
export function readText(bytes: TextBuffer, start: number, length: number): string | undefined {
  const end = start + length
  let at = start
  while (at < end && bytes[at]! < 0x80) at++
  if (at === end) return length <= shortBytes ? shortLatin1(bytes, start, length) : bytes.latin1Slice(start, end)
  if (isBroken(bytes, at, end)) return undefined
  if (length <= shortBytes) {
    const characters = toLatin1(bytes, start, end)
    if (characters > 0) return shortLatin1(latin1, 0, characters)
  }
  // To find out is cheap, but to make a string of what is broken is slow, and the longer it is the worse.
  if (length > longBytes && !isUtf8(bytes.subarray(start, end))) return undefined
  const text = bytes.utf8Slice(start, end)
  // The replacement character stands for what was broken, unless it was sent as such.
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? undefined : text
}

const shortBytes = 16
const longBytes = 128
const latin1 = Buffer.alloc(shortBytes)

/** Whether the first character beyond ASCII is none in UTF-8: nearly all binaries that are no text are found out here. */
function isBroken(bytes: Uint8Array, at: number, end: number): boolean {
  const lead = bytes[at]!
  return lead < 0xc2 || lead > 0xf4 || at + 1 >= end || (bytes[at + 1]! & 0xc0) !== 0x80
}

/**
 * Turns a short text whose characters are all below 256, as in most European names, into one byte for each, in `latin1`.
 * Returns how many there are, or 0 for any other text, broken ones included.
 */
function toLatin1(bytes: Uint8Array, start: number, end: number): number {
  let characters = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte < 0x80) {
      latin1[characters++] = byte
      continue
    }
    const next = ++at < end ? bytes[at]! : 0
    if ((byte & 0xfe) !== 0xc2 || (next & 0xc0) !== 0x80) return 0
    latin1[characters++] = ((byte & 1) << 6) | (next & 0x3f) | 0x80
  }
  return characters
}

/**
 * A string of at most 16 characters below 256. String.fromCharCode with this many arguments is compiled into plain stores; a
 * call into native code costs several times as much.
 */
// biome-ignore format: a table, one length a row
function shortLatin1(b: Uint8Array, i: number, length: number): string {
  switch (length) {
    case 0: return ''
    case 1: return code(b[i]!)
    case 2: return code(b[i]!, b[i + 1]!)
    case 3: return code(b[i]!, b[i + 1]!, b[i + 2]!)
    case 4: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!)
    case 5: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!)
    case 6: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!)
    case 7: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!)
    case 8: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!)
    case 9: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
      b[i + 8]!)
    case 10: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
      b[i + 8]!, b[i + 9]!)
    case 11: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
      b[i + 8]!, b[i + 9]!, b[i + 10]!)
    case 12: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
      b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!)
    case 13: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
      b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!)
    case 14: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
      b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!)
    case 15: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
      b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!, b[i + 14]!)
    case 16: return code(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
      b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!, b[i + 14]!, b[i + 15]!)
    default: return ''
  }
}

const code = String.fromCharCode
