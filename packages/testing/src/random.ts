/**
 * Seeded random numbers for tests: the same seed and stream give the same sequence on every machine and Node version.
 * (The generator is sfc32, its state filled by splitmix32.) Not for cryptography.
 */
export class Random {
  readonly seed: number
  readonly stream: number
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** `stream` tells apart sequences of one seed: give each case its number, and a failure replays without the cases before it. */
  constructor(seed: number, stream = 0) {
    this.seed = seed >>> 0
    this.stream = stream >>> 0
    let state = (this.seed ^ Math.imul(this.stream, 0x9e3779b1)) | 0
    const fill = (): number => {
      state = (state + 0x9e3779b9) | 0
      let word = state ^ (state >>> 16)
      word = Math.imul(word, 0x21f0aaad)
      word ^= word >>> 15
      word = Math.imul(word, 0x735a2d97)
      return word ^ (word >>> 15)
    }
    this.#a = fill()
    this.#b = fill() ^ this.stream
    this.#c = fill()
    for (let round = 0; round < 12; round += 1) this.uint32()
  }

  /** 0 … 2³²−1 */
  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum >>> 0
  }

  /** 0 ≤ x < 1, with 53 random bits */
  next(): number {
    return ((this.uint32() >>> 5) * 0x4000000 + (this.uint32() >>> 6)) / 0x20000000000000
  }

  /** An integer from `low` up to and without `high`; with one argument from 0. */
  integer(high: number): number
  integer(low: number, high: number): number
  integer(first: number, second?: number): number {
    const [low, high] = second === undefined ? [0, first] : [first, second]
    return low + Math.floor(this.next() * (high - low))
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: ArrayLike<T>): T {
    if (items.length === 0) throw new RangeError('pick from nothing')
    return items[this.integer(items.length)] as T
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.integer(last + 1)
      const item = shuffled[last] as T
      shuffled[last] = shuffled[other] as T
      shuffled[other] = item
    }
    return shuffled
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let index = 0; index < length; index += 1) bytes[index] = this.uint32() >>> 24
    return bytes
  }

  /** 0 … 2^bits−1 */
  bigint(bits: number): bigint {
    let value = 0n
    for (let done = 0; done < bits; done += 32) value = (value << 32n) | BigInt(this.uint32())
    return BigInt.asUintN(bits, value)
  }
}

/**
 * A generator for one test run, which prints its seed. TIEBEAM_TEST_SEED replays a run; else the argument counts; else
 * the seed is new each time.
 */
export function random(seed?: number): Random {
  const given = process.env.TIEBEAM_TEST_SEED
  const chosen = given ? Number(given) : (seed ?? Math.floor(Math.random() * 0x100000000))
  process.stdout.write(`seed ${chosen} (TIEBEAM_TEST_SEED=${chosen} replays this run)\n`)
  return new Random(chosen)
}
