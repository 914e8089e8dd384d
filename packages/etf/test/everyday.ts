import type { Random } from '@tiebeam/testing'
import { equals } from '../src/index.ts'

/** A value of everyday JavaScript, and what it is after a journey. */
export interface Everyday {
  value: unknown
  /** As another TypeScript node gets it: the same, but a Map whose keys are all strings is a plain object. */
  direct: unknown
  /** As it comes back from OTP, which knows no difference between text and bytes, nor between its integers. */
  viaOtp: unknown
}

/** A random value nested at most `depth` levels. */
export function randomEveryday(random: Random, depth: number): Everyday {
  if (depth === 0 || random.chance(0.4)) return leaf(random)
  const children = some(random, 6, () => randomEveryday(random, depth - 1))
  switch (random.integer(5)) {
    case 0:
    case 1:
      return each(children, (values) => values)
    case 2: {
      const names = children.map(() => text(random))
      return each(children, (values) => Object.fromEntries(values.map((value, index) => [names[index], value])))
    }
    case 3: {
      const keys = distinct(some(random, 6, () => key(random)))
      const used = children.slice(0, keys.length)
      return each(used, (values, route) => {
        const entries = values.map((value, index) => [keys[index]?.[route], value] as const)
        const isPlain = route !== 'value' && entries.every(([name]) => typeof name === 'string')
        return isPlain ? Object.fromEntries(entries) : new Map(entries)
      })
    }
    default:
      return each(distinct(some(random, 6, () => key(random))), (values) => new Set(values))
  }
}

type Route = keyof Everyday

function each(children: readonly Everyday[], build: (values: unknown[], route: Route) => unknown): Everyday {
  const built = (route: Route): unknown =>
    build(
      children.map((child) => child[route]),
      route,
    )
  return { value: built('value'), direct: built('direct'), viaOtp: built('viaOtp') }
}

function same(value: unknown): Everyday {
  return { value, direct: value, viaOtp: value }
}

function leaf(random: Random): Everyday {
  switch (random.integer(9)) {
    case 0:
      return same(random.pick([true, false, null, undefined]))
    case 1:
      return same(number(random))
    case 2:
      return same(random.integer(-300, 300))
    case 3: {
      const magnitude = random.bigint(random.pick([7, 31, 32, 52, 53, 54, 64, 500, 2050]))
      return bigint(random.chance(0.5) ? magnitude : -magnitude)
    }
    case 4:
    case 5:
      return same(text(random))
    case 6:
      return bytes(random)
    case 7:
      return same(new Date(random.integer(-62_000_000_000_000, 250_000_000_000_000)))
    default:
      return same(some(random, 30, () => random.integer(random.pick([256, 257]))))
  }
}

/** Keys and members: of every type; each is one that is the same on all routes, but for bytes and bigints. */
function key(random: Random): Everyday {
  const chosen = random.chance(0.2) ? randomEveryday(random, 1) : leaf(random)
  // A Map makes the key -0 a 0 before the codec sees it.
  return Object.is(chosen.value, -0) ? same(0) : chosen
}

// OTP has one text where JavaScript has a string and bytes of the same contents: only one of them may be a key.
function distinct(keys: readonly Everyday[]): Everyday[] {
  return keys.filter((one, index) => !keys.slice(0, index).some((other) => equals(one.value, other.value)))
}

function number(random: Random): number {
  const edges = [
    0,
    -0,
    255,
    256,
    -1,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 53 - 1,
    2 ** 53,
    -(2 ** 70),
    5e-324,
    1e308,
  ]
  if (random.chance(0.2)) return random.pick(edges)
  return (random.next() - 0.5) * 2 ** random.integer(-40, 80)
}

function bigint(value: bigint): Everyday {
  const number = Number(value)
  return { value, direct: value, viaOtp: Number.isSafeInteger(number) ? number : value }
}

function text(random: Random): string {
  if (random.chance(0.1))
    return random.pick(['', '__proto__', 'constructor', '__struct__', 'toString', '0', '42', '\0'])
  const ranges = random.pick([
    [[97, 123]],
    [
      [32, 127],
      [0xa0, 0x250],
    ],
    [
      [0, 0xd800],
      [0xe000, 0x110000],
    ],
  ])
  const points = some(random, random.pick([3, 10, 60]), () =>
    random.integer(...(random.pick(ranges) as [number, number])),
  )
  return String.fromCodePoint(...points)
}

function bytes(random: Random): Everyday {
  const value = new Uint8Array(random.bytes(random.integer(20)))
  const isText = Buffer.from(Buffer.from(value).toString()).equals(value)
  return { value, direct: value, viaOtp: isText ? Buffer.from(value).toString() : value }
}

function some<T>(random: Random, countMax: number, make: () => T): T[] {
  return Array.from({ length: random.integer(countMax + 1) }, make)
}
