import type { Random } from '@tiebeam/testing'
import { framed } from './fake-peer.ts'

export interface Mutated {
  /** Frames with their lengths. */
  readonly bytes: Buffer
  /** Whether the lengths are right: if not, what is sent next may be taken for a part of this. */
  readonly framesIntact: boolean
}

export interface MutationInit {
  readonly lengthBytes: 2 | 4
  /** Frames of which pieces may be mixed in. */
  readonly donors: readonly Buffer[]
}

/** Numbers at which lengths, counts and tags tend to go wrong. */
const interestingBytes = [
  0, 1, 2, 7, 8, 31, 64, 127, 128, 254, 255, 68, 69, 70, 77, 80, 97, 104, 105, 108, 109, 110, 116,
]
const interestingNumbers = [0, 1, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]
/** One step into a term that goes on forever, for terms too deep to be walked with a stack. */
const steps = [Buffer.of(104, 1), Buffer.of(108, 0, 0, 0, 1), Buffer.of(116, 0, 0, 0, 1)]

/** Changes one to three things about these frames. */
export function mutate(random: Random, frames: readonly Buffer[], init: MutationInit): Mutated {
  let changed: Buffer[] = [...frames]
  for (let count = random.pick([1, 1, 1, 2, 3]); count > 0; count -= 1) {
    changed = random.chance(0.85) ? withOneChanged(random, changed, init.donors) : reordered(random, changed)
  }
  if (init.lengthBytes === 2) changed = changed.map((frame) => frame.subarray(0, 0xffff))
  const bytes = framed(changed, init.lengthBytes)
  if (random.chance(0.93)) return { bytes, framesIntact: true }
  return { bytes: misframed(random, bytes, changed, init.lengthBytes), framesIntact: false }
}

function withOneChanged(random: Random, frames: Buffer[], donors: readonly Buffer[]): Buffer[] {
  if (frames.length === 0) return [random.bytes(random.integer(1, 40))]
  const index = random.integer(frames.length)
  return frames.with(index, changed(random, frames[index] as Buffer, donors))
}

function changed(random: Random, frame: Buffer, donors: readonly Buffer[]): Buffer {
  const at = position(random, frame)
  const until = Math.min(frame.length, at + random.integer(1, 24))
  switch (random.integer(11)) {
    case 0:
    case 1:
      return withBitsFlipped(random, frame)
    case 2:
      return replaced(frame, at, Math.min(at + 1, frame.length), Buffer.of(random.pick(interestingBytes)))
    case 3:
      return replaced(frame, at, Math.min(at + 4, frame.length), number(random))
    case 4:
      return frame.subarray(0, at)
    case 5:
      return replaced(frame, at, until, Buffer.alloc(0))
    case 6:
      return replaced(frame, at, at, frame.subarray(at, until))
    case 7:
      return replaced(frame, at, random.chance(0.5) ? at : until, random.bytes(random.integer(1, 24)))
    case 8: {
      const donor = random.pick(donors)
      const from = position(random, donor)
      const piece = donor.subarray(from, from + random.integer(1, 64))
      return replaced(frame, at, random.chance(0.5) ? at : until, piece)
    }
    case 9: {
      const donor = random.pick(donors)
      return Buffer.concat([frame.subarray(0, at), donor.subarray(Math.min(at, donor.length))])
    }
    default: {
      const depth = random.pick([10, 300, 20_000])
      return replaced(frame, at, at, Buffer.concat(new Array<Buffer>(depth).fill(random.pick(steps))))
    }
  }
}

/** Mostly near the start, where headers, tags and lengths are. */
function position(random: Random, frame: Buffer): number {
  return random.chance(0.7) ? random.integer(Math.min(frame.length, 64) + 1) : random.integer(frame.length + 1)
}

function withBitsFlipped(random: Random, frame: Buffer): Buffer {
  const copy = Buffer.from(frame)
  for (let count = random.integer(1, 9); count > 0 && copy.length > 0; count -= 1) {
    const at = Math.min(position(random, frame), frame.length - 1)
    copy[at] = (copy[at] as number) ^ (1 << random.integer(8))
  }
  return copy
}

function number(random: Random): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(random.pick(interestingNumbers))
  return bytes
}

function replaced(frame: Buffer, start: number, end: number, piece: Buffer): Buffer {
  return Buffer.concat([frame.subarray(0, start), piece, frame.subarray(end)])
}

function reordered(random: Random, frames: Buffer[]): Buffer[] {
  const index = random.integer(frames.length + 1)
  switch (random.integer(4)) {
    case 0:
      return frames.toSpliced(index, 1)
    case 1:
      return frames.toSpliced(index, 0, ...frames.slice(index, index + 1))
    case 2:
      return frames.toSpliced(index, 0, Buffer.alloc(0))
    default:
      return random.shuffle(frames)
  }
}

/** Bytes whose lengths do not fit: one of them changed, or the end missing. */
function misframed(random: Random, bytes: Buffer, frames: readonly Buffer[], lengthBytes: 2 | 4): Buffer {
  if (bytes.length === 0 || random.chance(0.5)) return bytes.subarray(0, random.integer(bytes.length + 1))
  let at = 0
  for (let skipped = random.integer(frames.length); skipped > 0; skipped -= 1)
    at += lengthBytes + bytes.readUIntBE(at, lengthBytes)
  const length = bytes.readUIntBE(at, lengthBytes)
  const limit = 2 ** (8 * lengthBytes) - 1
  const wrong = random.pick([0, 1, Math.max(0, length - 1), length + 1, length + 1000, limit, limit >>> 1, limit - 1])
  const copy = Buffer.from(bytes)
  copy.writeUIntBE(Math.min(wrong, limit), at, lengthBytes)
  return copy
}
