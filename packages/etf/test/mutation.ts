import type { Random } from '@tiebeam/testing'

// 97 to 121 without a gap; the others stand apart.
const allTags = [70, 77, 80, 82, 88, 89, 90, 131, ...Array.from({ length: 25 }, (_, index) => 97 + index)]
const claims = [0, 1, 2, 0xff, 0x100, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer

/** What goes wrong with bytes on their way, by accident or by intent. */
const mutations: readonly Mutation[] = [
  function flipBits(bytes, random) {
    const changed = Buffer.from(bytes)
    for (let count = random.integer(1, 9); count > 0; count -= 1) {
      const at = random.integer(changed.length)
      changed[at] = changed.readUInt8(at) ^ (1 << random.integer(8))
    }
    return changed
  },
  function changeTag(bytes, random) {
    const changed = Buffer.from(bytes)
    changed[random.integer(changed.length)] = random.pick(allTags)
    return changed
  },
  function claimLength(bytes, random) {
    const changed = Buffer.from(bytes)
    const at = random.integer(changed.length)
    const claim = random.chance(0.7) ? random.pick(claims) : random.integer(changed.length * 2)
    if (at + 4 <= changed.length) changed.writeUInt32BE(claim, at)
    else changed[at] = claim & 0xff
    return changed
  },
  function cutOut(bytes, random) {
    const start = random.integer(bytes.length)
    const end = start + random.integer(1, 1 + Math.min(20, bytes.length - start))
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])
  },
  function insert(bytes, random) {
    const at = random.integer(bytes.length + 1)
    const inserted = random.chance(0.5) ? random.bytes(random.integer(1, 12)) : Buffer.from([random.pick(allTags)])
    return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)])
  },
  function repeat(bytes, random) {
    const start = random.integer(bytes.length)
    const end = random.integer(start, bytes.length) + 1
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start, end), bytes.subarray(end)])
  },
  function splice(bytes, random, other) {
    return Buffer.concat([
      bytes.subarray(0, random.integer(bytes.length)),
      other.subarray(random.integer(other.length)),
    ])
  },
  function swapTail(bytes, random, other) {
    const at = random.integer(1, Math.min(bytes.length, other.length) + 1)
    return Buffer.concat([bytes.subarray(0, at), other.subarray(at)])
  },
]

/** Bytes that follow the format's grammar only so far: tags with short and false lengths, one after the other. */
function babble(random: Random): Buffer {
  const parts: Buffer[] = [Buffer.from([131])]
  for (let count = random.integer(1, 30); count > 0; count -= 1) {
    parts.push(Buffer.from([random.pick(allTags)]))
    const length = random.pick([0, 1, 2, 4])
    const number = Buffer.alloc(4)
    number.writeUInt32BE(random.integer(6))
    parts.push(random.chance(0.7) ? number.subarray(4 - length) : random.bytes(length))
  }
  return Buffer.concat(parts)
}

/** Malformed bytes, or by chance well-formed ones, made of one or two entries of the corpus. */
export function mutate(corpus: readonly Buffer[], random: Random): Buffer {
  if (random.chance(0.1)) return babble(random)
  let bytes = random.pick(corpus)
  for (let rounds = random.pick([1, 1, 1, 2, 4]); rounds > 0 && bytes.length > 0; rounds -= 1) {
    bytes = random.pick(mutations)(bytes, random, random.pick(corpus))
  }
  return bytes
}
