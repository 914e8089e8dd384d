import type { Random } from '@tiebeam/testing'
import { atom, BitString, ExportFun, Float, ImproperList, Pid, Port, Reference, tuple } from '../src/index.ts'

/** A value made here, and Erlang source of the term that it means, written without any of the codec's code. */
export interface Meaning {
  value: unknown
  source: string
}

/** A random value with its meaning, nested at most `depth` levels. */
export function randomMeaning(random: Random, depth: number): Meaning {
  if (depth === 0 || random.chance(0.45)) return leaf(random)
  const children = some(random, 6, () => randomMeaning(random, depth - 1))
  const values = children.map(({ value }) => value)
  const source = children.map((child) => child.source).join(',')
  switch (random.integer(7)) {
    case 0:
      return { value: values, source: `[${source}]` }
    case 1:
      return { value: tuple(...values), source: `{${source}}` }
    case 2:
      return objectMeaning(distinct(children.map((child) => [text(random), child])))
    case 3:
      return mapMeaning(distinct(children.map((child) => [key(random), child])))
    case 4: {
      const first = leaf(random)
      const list = new ImproperList([first.value, ...values], atom('tail'))
      return { value: list, source: `[${[first.source, ...children.map((child) => child.source)].join(',')}|tail]` }
    }
    case 5: {
      const members = distinct(children.map((_, index) => [key(random), { value: index, source: '[]' }])).map(
        ([each]) => each,
      )
      const pairs = members.map((member) => `${member.source}=>[]`).join(',')
      return {
        value: new Set(members.map((member) => member.value)),
        source: `#{'__struct__'=>'Elixir.MapSet',version=>2,map=>#{${pairs}}}`,
      }
    }
    default: {
      const integers = some(random, 20, () => random.integer(random.pick([256, 257])))
      return { value: integers, source: `[${integers.join(',')}]` }
    }
  }
}

function leaf(random: Random): Meaning {
  switch (random.integer(15)) {
    case 0:
    case 1:
      return integer(random)
    case 2:
      return bigint(random)
    case 3:
      return float(random)
    case 4: {
      const value = random.integer(-100, 100)
      return { value: new Float(value), source: `${value}.0` }
    }
    case 5:
      return random.pick<Meaning>([
        { value: true, source: 'true' },
        { value: false, source: 'false' },
        { value: null, source: 'nil' },
        { value: undefined, source: 'undefined' },
      ])
    case 6:
    case 7:
    case 8:
      return text(random)
    case 9: {
      const bytes = random.bytes(random.integer(30))
      return { value: random.chance(0.5) ? bytes : new Uint8Array(bytes), source: `<<${bytes.join(',')}>>` }
    }
    case 10: {
      const bytes = random.bytes(random.integer(1, 6))
      const lastBits = random.integer(1, 8)
      const last = `${(bytes.at(-1) as number) >> (8 - lastBits)}:${lastBits}`
      return { value: new BitString(bytes, lastBits), source: `<<${[...bytes.subarray(0, -1), last].join(',')}>>` }
    }
    case 11:
      return atomMeaning(random)
    case 12:
      return identifier(random)
    case 13: {
      const arity = random.integer(256)
      return { value: new ExportFun('lists', 'caf\u00e9', arity), source: `fun lists:'caf\\x{e9}'/${arity}` }
    }
    default:
      return date(random)
  }
}

function objectMeaning(entries: ReadonlyArray<readonly [Meaning, Meaning]>): Meaning {
  const value = Object.fromEntries(entries.map(([name, child]) => [name.value as string, child.value]))
  return { value, source: mapSource(entries) }
}

function mapMeaning(entries: ReadonlyArray<readonly [Meaning, Meaning]>): Meaning {
  return { value: new Map(entries.map(([name, child]) => [name.value, child.value])), source: mapSource(entries) }
}

function mapSource(entries: ReadonlyArray<readonly [Meaning, Meaning]>): string {
  return `#{${entries.map(([name, child]) => `${name.source}=>${child.source}`).join(',')}}`
}

// Keys whose sources differ are different terms: bytes do not occur, nor bigints in the range of numbers. A Map makes
// the key -0 a 0.
function key(random: Random): Meaning {
  const meaning = random.pick([integer, text, atomMeaning, float])(random)
  return Object.is(meaning.value, -0) ? text(random) : meaning
}

function distinct<T>(entries: ReadonlyArray<readonly [Meaning, T]>): Array<readonly [Meaning, T]> {
  return [...new Map(entries.map((entry) => [entry[0].source, entry])).values()]
}

function integer(random: Random): Meaning {
  const value = random.chance(0.2)
    ? random.pick([0, 255, 256, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53) + 1])
    : Math.trunc((random.next() - 0.5) * 2 ** random.integer(1, 54)) + 0
  return { value, source: String(value) }
}

function bigint(random: Random): Meaning {
  const magnitude = random.bigint(random.pick([8, 31, 32, 53, 54, 63, 64, 65, 200, 2032, 2040, 2048, 2100]))
  const value = random.chance(0.5) ? magnitude : -magnitude
  return { value, source: String(value) }
}

function float(random: Random): Meaning {
  const value = random.chance(0.2)
    ? random.pick([0.1, -0.5, 1e300, 5e-324, 2 ** 53, -(2 ** 60), 1.7976931348623157e308, -0])
    : (random.next() - 0.5) * 2 ** random.integer(-300, 300)
  // Small numbers that happen to be integers are integers.
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return { value, source: String(value) }
  return { value, source: floatSource(value) }
}

/** Erlang wants a point in every float: 1e300 is written 1.0e300. */
function floatSource(value: number): string {
  const [mantissa = '', exponent] = Object.is(value, -0) ? ['-0'] : String(value).split('e')
  const pointed = mantissa.includes('.') ? mantissa : `${mantissa}.0`
  return exponent === undefined ? pointed : `${pointed}e${exponent}`
}

function text(random: Random): Meaning {
  const value = random.chance(0.1)
    ? random.pick(['', '__proto__', 'constructor', 'toString', '0', '1', '-1', '\0', '\u{10ffff}', '\uffff\ufffe'])
    : characters(random, random.pick([5, 12, 50]))
  // Erlang's scanner does not take these two characters.
  if (/[\ufffe\uffff]/.test(value)) return { value, source: `<<${Buffer.from(value).join(',')}>>` }
  return { value, source: `<<"${escaped(value)}"/utf8>>` }
}

function characters(random: Random, lengthMax: number): string {
  const ranges = random.pick([
    [[32, 127]],
    [
      [32, 127],
      [0xa0, 0x250],
    ],
    [
      [0, 0x800],
      [0x800, 0xd800],
      [0xe000, 0x110000],
    ],
  ])
  const points = some(random, lengthMax, () => random.integer(...(random.pick(ranges) as [number, number])))
  return String.fromCodePoint(...points)
}

function atomMeaning(random: Random): Meaning {
  const fixed = ['ok', 'with space', '', 'x'.repeat(255), '\u00e9'.repeat(200), '\u{1f980}'.repeat(255), '\u03c0']
  const name = random.chance(0.3) ? random.pick(fixed) : `a${random.integer(1000)}`
  return { value: atom(name), source: `'${escaped(name)}'` }
}

function escaped(value: string): string {
  return Array.from(value, (character) => {
    const point = character.codePointAt(0) as number
    return /[a-zA-Z0-9 ]/.test(character) ? character : `\\x{${point.toString(16)}}`
  }).join('')
}

function identifier(random: Random): Meaning {
  const node = random.pick(['foo@127.0.0.1', 'caf\u00e9@host.test', '\u{1f980}@a.b'])
  const name = `'${escaped(node)}'`
  const creation = 1 + random.integer(0xffff_fffe)
  switch (random.integer(3)) {
    case 0: {
      const [id, serial] = [random.uint32(), random.uint32()]
      return { value: new Pid(node, id, serial, creation), source: `terms:pid(${name},${id},${serial},${creation})` }
    }
    case 1: {
      const ids = [random.integer(1 << 18), ...some(random, 4, () => random.uint32())]
      return { value: new Reference(node, creation, ids), source: `terms:reference(${name},[${ids}],${creation})` }
    }
    default: {
      const id = random.bigint(random.pick([8, 28, 29, 64]))
      return { value: new Port(node, id, creation), source: `terms:port(${name},${id},${creation})` }
    }
  }
}

function date(random: Random): Meaning {
  const value = new Date(random.integer(-62_000_000_000_000, 250_000_000_000_000))
  const [year, month, day, hour, minute, second, millisecond] = value.toISOString().match(/\d+/g) as string[]
  const fields = [
    `'__struct__'=>'Elixir.DateTime',calendar=>'Elixir.Calendar.ISO',std_offset=>0,utc_offset=>0`,
    `time_zone=><<"Etc/UTC">>,zone_abbr=><<"UTC">>,microsecond=>{${Number(millisecond) * 1000},3}`,
    `year=>${Number(year)},month=>${Number(month)},day=>${Number(day)}`,
    `hour=>${Number(hour)},minute=>${Number(minute)},second=>${Number(second)}`,
  ]
  return { value, source: `#{${fields.join(',')}}` }
}

function some<T>(random: Random, countMax: number, make: () => T): T[] {
  return Array.from({ length: random.integer(countMax + 1) }, make)
}
