import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeAliveResponse,
  decodeNamesResponse,
  decodePortResponse,
  decodeRequest,
  encodeAliveRequest,
  encodeAliveResponse,
  encodeNamesRequest,
  encodeNamesResponse,
  encodePortPleaseRequest,
  encodePortResponse,
  epmdNode,
} from '../../src/epmd/codec.ts'
import { EpmdRegistry, type EpmdReply } from '../../src/epmd/registry.ts'
import { DistributionError } from '../../src/index.ts'
import { annotated, uint16, uint32 } from '../annotated.ts'

const node = epmdNode('web', 40_000)
const nodeBytes = annotated(
  ['port', uint16(40_000)],
  ['normal node', 77],
  ['TCP', 0],
  ['highest version', 0, 6],
  ['lowest version', 0, 6],
  ['length of the name', 0, 3],
  ['name', 'web'],
  ['length of extra', 0, 0],
)
const alive = annotated(['ALIVE2_REQ', 120], ['node', nodeBytes])
const found = annotated(['PORT2_RESP', 119], ['result', 0], ['node', nodeBytes])

function framed(bytes: Buffer): Buffer {
  return Buffer.concat([uint16(bytes.length), bytes])
}

test('requests are their bytes', () => {
  assert.deepEqual(encodeAliveRequest(node), framed(alive))
  assert.deepEqual(encodePortPleaseRequest('web'), framed(annotated(['PORT_PLEASE2_REQ', 122], ['name', 'web'])))
  assert.deepEqual(encodeNamesRequest(), framed(Buffer.of(110)))

  assert.deepEqual(decodeRequest(alive), { type: 'alive', node })
  assert.deepEqual(decodeRequest(Buffer.from('zweb')), { type: 'portPlease', name: 'web' })
  assert.deepEqual(decodeRequest(Buffer.from('n')), { type: 'names' })
})

test('a registration that is cut short anywhere is a typed error', () => {
  for (let end = 0; end < alive.length; end++) {
    assert.throws(() => decodeRequest(alive.subarray(0, end)), DistributionError)
  }
})

test('answers are their bytes, and more bytes are asked for until they are whole', () => {
  const rows: [Buffer, (bytes: Buffer) => unknown, unknown][] = [
    [
      annotated(['ALIVE2_X_RESP', 118], ['result', 0], ['creation', uint32(0xfedcba98)]),
      decodeAliveResponse,
      { result: 0, creation: 0xfedcba98 },
    ],
    [
      annotated(['ALIVE2_RESP', 121], ['result', 1], ['creation', 0, 3]),
      decodeAliveResponse,
      { result: 1, creation: 3 },
    ],
    [found, decodePortResponse, node],
    [annotated(['PORT2_RESP', 119], ['result', 1]), decodePortResponse, 'unknown'],
  ]
  for (const [bytes, decode, value] of rows) {
    for (let end = 0; end < bytes.length; end++) assert.equal(decode(bytes.subarray(0, end)), undefined)
    assert.deepEqual(decode(bytes), value)
  }
  assert.deepEqual(encodeAliveResponse({ result: 0, creation: 0xfedcba98 }, true), rows[0]?.[0])
  assert.deepEqual(encodeAliveResponse({ result: 1, creation: 3 }, false), rows[1]?.[0])
  assert.deepEqual(encodePortResponse(node), found)
  assert.deepEqual(encodePortResponse(undefined), rows[3]?.[0])
  for (const decode of [decodeAliveResponse, decodePortResponse]) {
    assert.throws(() => decode(Buffer.from('HTTP/1.1 400')), DistributionError)
  }
})

test('the list of names is in the words of epmd', () => {
  const bytes = annotated(['port of EPMD', uint32(4369)], ['text', 'name web at port 40000\nname db at port 1\n'])
  assert.deepEqual(encodeNamesResponse(4369, [node, epmdNode('db', 1)]), bytes)
  assert.deepEqual(decodeNamesResponse(bytes), [
    { name: 'web', port: 40_000 },
    { name: 'db', port: 1 },
  ])
  assert.throws(() => decodeNamesResponse(Buffer.alloc(3)), DistributionError)
})

function ask(registry: EpmdRegistry, connection: object, request: Buffer, local = true): EpmdReply {
  return registry.receive(connection, request.subarray(2), local, 4369)
}

function answer(reply: EpmdReply) {
  assert.ok(reply.type === 'sendAndKeep' || reply.type === 'sendAndClose', reply.type)
  return { ...decodeAliveResponse(reply.bytes), kept: reply.type === 'sendAndKeep' }
}

test('a registered node is found until its connection ends', () => {
  const registry = new EpmdRegistry({ creation: 1000 })
  const connection = {}
  assert.deepEqual(answer(ask(registry, connection, encodeAliveRequest(node))), {
    result: 0,
    creation: 1000,
    kept: true,
  })
  assert.deepEqual(ask(registry, {}, encodePortPleaseRequest('web')), { type: 'sendAndClose', bytes: found })
  registry.closed(connection)
  assert.deepEqual(ask(registry, {}, encodePortPleaseRequest('web')), {
    type: 'sendAndClose',
    bytes: Buffer.of(119, 1),
  })
  assert.deepEqual(answer(ask(registry, {}, encodeAliveRequest(node))), { result: 0, creation: 1001, kept: true })
})

test('a name is registered once, and not by another host', () => {
  const registry = new EpmdRegistry({ creation: 1000 })
  assert.equal(answer(ask(registry, {}, encodeAliveRequest(node), false)).result, 1)
  assert.equal(answer(ask(registry, {}, encodeAliveRequest(node))).result, 0)
  const second = {}
  assert.deepEqual(answer(ask(registry, second, encodeAliveRequest(node))), { result: 1, creation: 0, kept: false })
  registry.closed(second)
  assert.ok(registry.has('web'), 'the end of a refused connection unregisters nobody')
})

test('another host may look names up, and no one may dump or kill', () => {
  const registry = new EpmdRegistry({ creation: 1000 })
  ask(registry, {}, encodeAliveRequest(node))
  assert.deepEqual(ask(registry, {}, encodePortPleaseRequest('web'), false), { type: 'sendAndClose', bytes: found })
  for (const tag of [100, 107, 115, 0]) {
    assert.equal(ask(registry, {}, framed(Buffer.of(tag))).type, 'close')
  }
  assert.equal(ask(registry, {}, framed(Buffer.of(120, 1))).type, 'close')
  assert.ok(registry.has('web'))
})

test('what a registered node says further is ignored: to close its connection would unregister it', () => {
  const registry = new EpmdRegistry({ creation: 1000 })
  const connection = {}
  ask(registry, connection, encodeAliveRequest(node))
  for (const request of [encodeNamesRequest(), framed(Buffer.of(107)), framed(Buffer.alloc(0))]) {
    assert.deepEqual(ask(registry, connection, request), { type: 'nothing' })
  }
})

test('a name that would forge lines of the list is refused', () => {
  const registry = new EpmdRegistry({ creation: 1000 })
  for (const name of ['', 'a b', 'a\nname b', '\0', 'x'.repeat(256)]) {
    assert.equal(answer(ask(registry, {}, encodeAliveRequest({ ...node, name }))).result, 1)
  }
})

test('the number of names is limited', () => {
  const registry = new EpmdRegistry({ creation: 1000, namesMax: 2 })
  const results = ['a', 'b', 'c'].map((name) => answer(ask(registry, {}, encodeAliveRequest(epmdNode(name, 1)))).result)
  assert.deepEqual(results, [0, 0, 1])
})

test('creations stay clear of the small ones, and wrap around', () => {
  const registry = new EpmdRegistry({ creation: 0xffffffff })
  const creations = ['a', 'b', 'c'].map(
    (name) => answer(ask(registry, {}, encodeAliveRequest(epmdNode(name, 1)))).creation,
  )
  assert.deepEqual(creations, [0xffffffff, 4, 5])
  const old = { ...epmdNode('old', 1), highestVersion: 5 }
  const { creation = 0 } = answer(ask(registry, {}, encodeAliveRequest(old)))
  assert.ok(creation >= 1 && creation <= 3)
})
