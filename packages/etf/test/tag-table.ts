import {
  atom,
  Binary,
  BitString,
  ExportFun,
  Float,
  Fun,
  ImproperList,
  LocalTerm,
  Pid,
  Port,
  Reference,
  tuple,
} from '../src/index.ts'

export interface TagCase {
  name: string
  /** Without the version byte; see annotated(). */
  wire: string
  /** What a comfortable decoder makes of it, and what encodes to it unless `exact` is given. */
  value: unknown
  /** What an exact decoder makes of it, where that differs. */
  exact?: unknown
  /** The form that the encoder writes instead, where this one is older or longer than need be. */
  canonical?: string
}

const pid = new Pid('a@b', 98, 5, 7)
const manyElements = Array.from({ length: 256 }, () => [])
const digest = Uint8Array.from({ length: 16 }, (_, index) => index)
const free = [1, atom('x')]

function text(contents: string): Binary {
  return new Binary(Uint8Array.from(Buffer.from(contents)))
}

export const tagTable: TagCase[] = [
  // Integers
  { name: 'SMALL_INTEGER_EXT 0', wire: '61 00', value: 0 },
  { name: 'SMALL_INTEGER_EXT 255', wire: '61 ff', value: 255 },
  { name: 'INTEGER_EXT 256', wire: '62 00000100', value: 256 },
  { name: 'INTEGER_EXT -1', wire: '62 ffffffff', value: -1 },
  { name: 'INTEGER_EXT, the least', wire: '62 80000000', value: -2147483648 },
  { name: 'INTEGER_EXT, the greatest', wire: '62 7fffffff', value: 2147483647 },
  { name: 'INTEGER_EXT of a small number', wire: '62 00000001', value: 1, canonical: '61 01' },
  { name: 'SMALL_BIG_EXT 2^31', wire: '6e 04 00 00000080 -- 4 bytes, positive, least first', value: 2147483648 },
  { name: 'SMALL_BIG_EXT -2^31 - 1', wire: '6e 04 01 01000080', value: -2147483649 },
  { name: 'SMALL_BIG_EXT 2^53 - 1', wire: '6e 07 00 ffffffffffff1f', value: Number.MAX_SAFE_INTEGER },
  { name: 'SMALL_BIG_EXT -(2^53 - 1)', wire: '6e 07 01 ffffffffffff1f', value: Number.MIN_SAFE_INTEGER },
  { name: 'SMALL_BIG_EXT 2^53', wire: '6e 07 00 00000000000020', value: 9007199254740992n },
  { name: 'SMALL_BIG_EXT -2^64', wire: '6e 09 01 000000000000000001', value: -(2n ** 64n) },
  { name: 'SMALL_BIG_EXT of 255 bytes', wire: `6e ff 00 ${'ff'.repeat(255)}`, value: 2n ** 2040n - 1n },
  { name: 'SMALL_BIG_EXT with leading zeros', wire: '6e 09 00 010000000000000000', value: 1, canonical: '61 01' },
  { name: 'SMALL_BIG_EXT of a negative nothing', wire: '6e 01 01 00', value: 0, canonical: '61 00' },
  { name: 'LARGE_BIG_EXT of 256 bytes', wire: `6f 00000100 01 ${'00'.repeat(255)}80`, value: -(2n ** 2047n) },
  { name: 'LARGE_BIG_EXT 1, a bigint from a TypeScript peer', wire: '6f 00000001 00 01', value: 1n },
  { name: 'LARGE_BIG_EXT -2^53 + 1', wire: '6f 00000007 01 ffffffffffff1f', value: -9007199254740991n },
  { name: 'LARGE_BIG_EXT 0', wire: '6f 00000000 00', value: 0n },
  // Floats
  { name: 'NEW_FLOAT_EXT 1.5', wire: '46 3ff8000000000000', value: 1.5 },
  { name: 'NEW_FLOAT_EXT 1.0', wire: '46 3ff0000000000000', value: 1, exact: new Float(1) },
  { name: 'NEW_FLOAT_EXT -0.0', wire: '46 8000000000000000', value: -0, exact: new Float(-0) },
  { name: 'NEW_FLOAT_EXT 0.0', wire: '46 0000000000000000', value: 0, exact: new Float(0) },
  { name: 'NEW_FLOAT_EXT 2^53', wire: '46 4340000000000000', value: 9007199254740992 },
  { name: 'NEW_FLOAT_EXT, the least above 0', wire: '46 0000000000000001', value: 5e-324 },
  {
    name: 'FLOAT_EXT',
    wire: "63 '-1.50000000000000000000e+02' 00 00 00 00",
    value: -150,
    exact: new Float(-150),
    canonical: '46 c062c00000000000',
  },
  // Atoms
  { name: 'SMALL_ATOM_UTF8_EXT', wire: "77 02 'ok'", value: atom('ok') },
  { name: 'SMALL_ATOM_UTF8_EXT of no characters', wire: '77 00', value: atom('') },
  { name: 'SMALL_ATOM_UTF8_EXT true', wire: "77 04 'true'", value: true },
  { name: 'SMALL_ATOM_UTF8_EXT false', wire: "77 05 'false'", value: false },
  { name: 'SMALL_ATOM_UTF8_EXT nil', wire: "77 03 'nil'", value: null },
  { name: 'SMALL_ATOM_UTF8_EXT undefined', wire: "77 09 'undefined'", value: undefined },
  { name: 'SMALL_ATOM_UTF8_EXT, not ASCII', wire: '77 07 e282ac f09f8e89', value: atom('€🎉') },
  { name: 'ATOM_UTF8_EXT', wire: `76 0100 ${'f09f8e89'.repeat(64)}`, value: atom('🎉'.repeat(64)) },
  { name: 'ATOM_UTF8_EXT of a short name', wire: "76 0004 'true'", value: true, canonical: "77 04 'true'" },
  { name: 'ATOM_EXT', wire: "64 0003 'a' e9 'z'", value: atom('aéz'), canonical: "77 04 'a' c3a9 'z'" },
  { name: 'SMALL_ATOM_EXT', wire: '73 01 ff', value: atom('ÿ'), canonical: '77 02 c3bf' },
  // Binaries
  { name: 'BINARY_EXT, text', wire: "6d 00000005 'hello'", value: 'hello', exact: text('hello') },
  { name: 'BINARY_EXT, not ASCII', wire: '6d 00000004 f09f8e89', value: '🎉', exact: text('🎉') },
  { name: 'BINARY_EXT, empty', wire: '6d 00000000', value: '', exact: new Binary(new Uint8Array(0)) },
  {
    name: 'BINARY_EXT, not UTF-8',
    wire: '6d 00000002 c3 28',
    value: Uint8Array.of(0xc3, 0x28),
    exact: new Binary(Uint8Array.of(0xc3, 0x28)),
    canonical: '4d 00000002 08 c328',
  },
  {
    name: 'BIT_BINARY_EXT, whole bytes from a TypeScript peer',
    wire: "4d 00000002 08 'hi'",
    value: Uint8Array.of(104, 105),
  },
  { name: 'BIT_BINARY_EXT, empty', wire: '4d 00000000 00', value: new Uint8Array(0) },
  { name: 'BIT_BINARY_EXT', wire: '4d 00000002 03 01 e0', value: new BitString(Uint8Array.of(1, 0xe0), 3) },
  {
    name: 'BIT_BINARY_EXT with bits set that do not count',
    wire: '4d 00000001 01 ff',
    value: new BitString(Uint8Array.of(0x80), 1),
    canonical: '4d 00000001 01 80',
  },
  // Lists and tuples
  { name: 'NIL_EXT', wire: '6a', value: [] },
  { name: 'STRING_EXT', wire: '6b 0003 01 02 ff', value: [1, 2, 255] },
  { name: 'STRING_EXT, empty', wire: '6b 0000', value: [], canonical: '6a' },
  { name: 'LIST_EXT', wire: '6c 00000002 61 01 62 00000100 6a', value: [1, 256] },
  { name: 'LIST_EXT of bytes', wire: '6c 00000002 61 01 61 02 6a', value: [1, 2], canonical: '6b 0002 01 02' },
  {
    name: 'LIST_EXT, its tail a list, and so on',
    wire: '6c 00000001 61 01 6c 00000001 6a 6b 0002 02 03 -- [1 | [[] | [2, 3]]]',
    value: [1, [], 2, 3],
    canonical: '6c 00000004 61 01 6a 61 02 61 03 6a',
  },
  { name: 'LIST_EXT of nothing', wire: '6c 00000000 6a', value: [], canonical: '6a' },
  { name: 'LIST_EXT of nothing but a tail', wire: '6c 00000000 61 05', value: 5, canonical: '61 05' },
  { name: 'LIST_EXT, improper', wire: '6c 00000002 61 01 61 02 61 03', value: new ImproperList([1, 2], 3) },
  { name: 'SMALL_TUPLE_EXT', wire: "68 02 77 02 'ok' 6a", value: tuple(atom('ok'), []) },
  { name: 'SMALL_TUPLE_EXT, empty', wire: '68 00', value: tuple() },
  { name: 'LARGE_TUPLE_EXT', wire: `69 00000100 ${'6a'.repeat(256)}`, value: tuple(...manyElements) },
  { name: 'LARGE_TUPLE_EXT of few', wire: '69 00000001 61 01', value: tuple(1), canonical: '68 01 61 01' },
  // Maps
  { name: 'MAP_EXT, empty', wire: '74 00000000', value: {}, exact: new Map() },
  {
    name: 'MAP_EXT, text as keys',
    wire: "74 00000002 6d 00000001 'b' 61 01 6d 00000001 'a' 61 02",
    value: { b: 1, a: 2 },
    exact: new Map([
      [text('b'), 1],
      [text('a'), 2],
    ]),
  },
  {
    name: 'MAP_EXT, other keys',
    wire: "74 00000002 61 01 61 02 77 01 'k' 61 03",
    value: new Map<unknown, unknown>([
      [1, 2],
      [atom('k'), 3],
    ]),
  },
  // Identifiers
  { name: 'NEW_PID_EXT', wire: "58 77 03 'a@b' 00000062 00000005 00000007", value: pid },
  {
    name: 'PID_EXT',
    wire: "67 77 03 'a@b' 00000062 00000005 03 -- creation in one byte",
    value: new Pid('a@b', 98, 5, 3),
    canonical: "58 77 03 'a@b' 00000062 00000005 00000003",
  },
  { name: 'NEW_PORT_EXT', wire: "59 77 03 'a@b' 0fffffff 00000007", value: new Port('a@b', 0x0fff_ffffn, 7) },
  {
    name: 'NEW_PORT_EXT of more than 28 bits',
    wire: "59 77 03 'a@b' 10000000 00000007",
    value: new Port('a@b', 0x1000_0000n, 7),
    canonical: "78 77 03 'a@b' 0000000010000000 00000007",
  },
  { name: 'V4_PORT_EXT', wire: "78 77 03 'a@b' 8000000000000001 00000007", value: new Port('a@b', 2n ** 63n + 1n, 7) },
  {
    name: 'PORT_EXT',
    wire: "66 77 03 'a@b' 00000009 02",
    value: new Port('a@b', 9n, 2),
    canonical: "59 77 03 'a@b' 00000009 00000002",
  },
  {
    name: 'NEWER_REFERENCE_EXT',
    wire: "5a 0003 77 03 'a@b' 00000007 -- 3 words, node, creation\n 00000001 00000002 ffffffff",
    value: new Reference('a@b', 7, [1, 2, 0xffff_ffff]),
  },
  {
    name: 'NEWER_REFERENCE_EXT of five words',
    wire: "5a 0005 77 03 'a@b' 00000007 00000001 00000002 00000003 00000004 00000005",
    value: new Reference('a@b', 7, [1, 2, 3, 4, 5]),
  },
  {
    name: 'NEW_REFERENCE_EXT',
    wire: "72 0002 77 03 'a@b' 03 00000001 00000002",
    value: new Reference('a@b', 3, [1, 2]),
    canonical: "5a 0002 77 03 'a@b' 00000003 00000001 00000002",
  },
  {
    name: 'REFERENCE_EXT',
    wire: "65 77 03 'a@b' 00000001 03",
    value: new Reference('a@b', 3, [1]),
    canonical: "5a 0001 77 03 'a@b' 00000003 00000001",
  },
  // Funs
  {
    name: 'NEW_FUN_EXT',
    wire: `70 0000003e 01 -- size from here on, arity
      000102030405060708090a0b0c0d0e0f 0000002a 00000002 -- digest, index, free variables
      77 01 'm' 61 2a 62 00329b0d -- module, old index, old hash
      58 77 03 'a@b' 00000062 00000005 00000007
      61 01 77 01 'x'`,
    value: new Fun({ arity: 1, digest, index: 42, module: 'm', oldIndex: 42, oldUnique: 3316493, pid, free }),
  },
  {
    name: 'FUN_EXT',
    wire: "75 00000002 58 77 03 'a@b' 00000062 00000005 00000007 77 01 'm' 61 03 61 04 61 01 77 01 'x'",
    value: new Fun({
      arity: undefined,
      digest: undefined,
      index: 3,
      module: 'm',
      oldIndex: 3,
      oldUnique: 4,
      pid,
      free,
    }),
  },
  { name: 'EXPORT_EXT', wire: "71 77 05 'lists' 77 03 'map' 61 02", value: new ExportFun('lists', 'map', 2) },
  {
    name: 'LOCAL_EXT',
    wire: '79 0102030405060708 61 01',
    value: new LocalTerm(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 97, 1)),
  },
]
