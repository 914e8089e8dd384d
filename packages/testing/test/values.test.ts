import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, findProgram, freePort, loopback, Random, requirePeer, waitFor } from '../src/index.ts'

test('a seed and a stream determine the sequence', () => {
  const sequence = (random: Random): number[] => Array.from({ length: 5 }, () => random.uint32())
  assert.deepEqual(sequence(new Random(1)), sequence(new Random(1)))
  assert.notDeepEqual(sequence(new Random(1)), sequence(new Random(2)))
  assert.notDeepEqual(sequence(new Random(1, 1)), sequence(new Random(1, 2)))
  assert.deepEqual(sequence(new Random(42)), [1959603763, 2423114712, 2466933512, 4144396390, 3569536208])
})

test('random numbers keep to their ranges and are spread evenly', () => {
  const random = new Random(7)
  const counts = new Array<number>(10).fill(0)
  for (let round = 0; round < 100_000; round += 1) {
    const digit = random.integer(10)
    counts[digit] = (counts[digit] ?? 0) + 1
    const between = random.integer(-3, 3)
    assert.ok(between >= -3 && between < 3 && Number.isInteger(between))
  }
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, String(counts))
  for (let bits = 1; bits < 200; bits += 1) assert.ok(random.bigint(bits) < 1n << BigInt(bits))
  assert.deepEqual(random.shuffle([1, 2, 3, 4]).sort(), [1, 2, 3, 4])
  assert.equal(random.bytes(33).length, 33)
})

test('TIEBEAM_TEST_SCALE multiplies the number of cases', () => {
  assert.equal(cases(1000, {}), 100)
  assert.equal(cases(1000, { TIEBEAM_TEST_SCALE: '1' }), 1000)
  assert.equal(cases(3, { TIEBEAM_TEST_SCALE: '0.01' }), 1)
  assert.throws(() => cases(1, { TIEBEAM_TEST_SCALE: 'much' }), /TIEBEAM_TEST_SCALE/)
})

test('waiting gives what the condition gave, and fails with what it waited for', async () => {
  let looks = 0
  assert.equal(await waitFor(() => (++looks === 3 ? 'found' : undefined)), 'found')
  await assert.rejects(
    waitFor(() => false, { timeoutMs: 5, what: 'a miracle' }),
    /not within 5 ms: a miracle/,
  )
})

test('loopback addresses differ from process to process and from 127.0.0.1', () => {
  const addresses = Array.from({ length: 32768 }, (_, pid) => loopback(1, pid))
  assert.equal(new Set(addresses).size, addresses.length)
  assert.ok(addresses.every((address) => !address.startsWith('127.0.')))
  assert.throws(() => loopback(255), RangeError)
})

test('a free port can be listened on', async () => {
  assert.ok((await freePort()) > 0)
})

test('a missing peer skips the test and says how to get it; with TIEBEAM_REQUIRE_PEERS it fails', (t) => {
  const environment = { ...process.env }
  t.after(() => {
    process.env = environment
  })
  process.env.PATH = ''
  const messages: Array<string | undefined> = []
  const test = { skip: (message?: string) => void messages.push(message) }
  delete process.env.TIEBEAM_REQUIRE_PEERS
  assert.equal(requirePeer(test, 'elixir'), false)
  assert.match(messages[0] ?? '', /needs elixir: apt-get install elixir/)
  process.env.TIEBEAM_REQUIRE_PEERS = '1'
  assert.throws(() => requirePeer(test, 'elixir'), /TIEBEAM_REQUIRE_PEERS/)
  assert.equal(findProgram('no-such-program'), undefined)
  // What must be built cannot be asked for where there is nothing to build it with.
  process.env.TIEBEAM_CACHE = '/nowhere'
  assert.equal(requirePeer(test, 'kube-apiserver'), false)
  assert.match(messages[1] ?? '', /needs kube-apiserver: npm run peers/)
})
