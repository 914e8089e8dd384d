/**
 * Memory and handles of a node that works for long with an OTP peer: 1,000,000 messages each way and 1,000 times connecting
 * and disconnecting, in full with
 *
 *   TIEBEAM_TEST_SCALE=1 npm test -- soak
 *
 * and a share of that by default. The node runs in a process of its own, so that nothing else is measured.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cases, type Erl, loopback, requirePeer, startEpmd, startErl, waitFor } from '@tiebeam/testing'
import type { Command, Sample } from './soak/soak-node.ts'

/** Samples of each test; the second half of them must be flat. */
const sampleCount = 20
/** Less than these say nothing about what is steady. */
const messagesMin = 200_000
const cyclesMin = 200
const toleratedGrowth = 0.05
const isFullRun = cases(1_000_000) >= 1_000_000

test('a million messages each way leave memory flat and no handle behind', async (t) => {
  const soak = await startSoak(t)
  if (!soak) return
  const { otp, node } = soak
  const before = await node.sample()
  await node.ask({ type: 'connect' })
  const share = Math.ceil(Math.max(messagesMin, cases(1_000_000)) / sampleCount)
  const samples: Sample[] = []
  for (let number = 0; number < sampleCount; number += 1) {
    const [theirs, ours] = await Promise.all([
      otp.evaluate(`soak_peer:send('${node.name}', ${share})`, { timeoutMs: 600_000 }),
      node.ask({ type: 'send', count: share }),
    ])
    assert.deepEqual([Number(theirs), ours], [share, share], 'messages were lost')
    samples.push(await node.sample())
  }
  assertFlat(t, samples)
  await node.ask({ type: 'disconnect' })
  await assertSameResources(node, before)
})

test('a thousand connections made and closed leave memory flat and no handle behind', async (t) => {
  const soak = await startSoak(t)
  if (!soak) return
  const { otp, node } = soak
  const before = await node.sample()
  const share = Math.ceil(Math.max(cyclesMin, cases(1_000)) / sampleCount)
  const samples: Sample[] = []
  for (let number = 0; number < sampleCount; number += 1) {
    for (let cycle = 0; cycle < share; cycle += 1) await connectAndDisconnect(node, otp, cycle)
    samples.push(await node.sample())
  }
  assertFlat(t, samples)
  await assertSameResources(node, before)
})

/** Each side dials and each side hangs up, in turn. */
async function connectAndDisconnect(node: SoakNode, otp: Erl, cycle: number): Promise<void> {
  if (cycle % 2 === 0) await node.ask({ type: 'connect' })
  else assert.equal(await otp.evaluate(`net_kernel:connect_node('${node.name}')`), 'true')
  await node.ask({ type: 'ping' })
  if (cycle % 4 < 2) assert.equal(await node.ask({ type: 'disconnect' }), true)
  else assert.equal(await otp.evaluate(`erlang:disconnect_node('${node.name}')`), 'true')
  // Until both have seen the end, a new connection would be a second one.
  await node.ask({ type: 'awaitConnections', count: 0 })
  await otp.evaluate(`(fun Wait() -> case nodes(connected) of [] -> ok; _ -> timer:sleep(1), Wait() end end)()`)
}

interface SoakNode {
  readonly name: string
  ask(command: Command): Promise<unknown>
  sample(): Promise<Sample>
}

async function startSoak(t: TestContext): Promise<{ otp: Erl; node: SoakNode } | undefined> {
  if (!requirePeer(t, 'erl')) return undefined
  const epmd = await startEpmd(t)
  const otp = await startErl(t, { name: `soak-otp@${loopback(1)}`, cookie: 'soak', epmd })
  await otp.load(new URL('../../test/soak/soak_peer.erl', import.meta.url))
  await otp.evaluate('soak_peer:start()')

  const name = `soak@${loopback(2)}`
  const program = fileURLToPath(new URL('./soak/soak-node.js', import.meta.url))
  const child = fork(program, [name, 'soak', String(epmd.port), otp.name ?? ''], { execArgv: ['--expose-gc'] })
  t.after(() => end(child))
  await answer(child)
  const ask = (command: Command) => {
    child.send(command)
    return answer(child)
  }
  return { otp, node: { name, ask, sample: () => ask({ type: 'sample' }) as Promise<Sample> } }
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      child.off('message', take).off('exit', fail)
      act()
    }
    const take = (message: { result?: unknown; error?: string }) =>
      settle(() => (message.error === undefined ? resolve(message.result) : reject(new Error(message.error))))
    const fail = (code: number | null, signal: string | null) =>
      settle(() => reject(new Error(`the node ended: ${code ?? signal}`)))
    child.on('message', take).on('exit', fail)
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.send({ type: 'stop' } satisfies Command)
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
  await exited
  clearTimeout(timer)
}

/**
 * From the third quarter to the fourth the median may grow by no more than the tolerated share. Resident memory says something in a
 * full run only, when all pools have their size.
 */
function assertFlat(t: TestContext, samples: readonly Sample[]): void {
  const secondHalf = samples.slice(samples.length / 2)
  for (const [what, of] of [
    ['heap', (sample: Sample) => sample.heapBytes],
    ['resident memory', (sample: Sample) => sample.residentBytes],
  ] as const) {
    const mebibytes = secondHalf.map((sample) => of(sample) / 2 ** 20)
    t.diagnostic(`${what} in MiB: ${samples.map((sample) => (of(sample) / 2 ** 20).toFixed(1)).join(' ')}`)
    const middle = mebibytes.length / 2
    const growth = median(mebibytes.slice(middle)) / median(mebibytes.slice(0, middle)) - 1
    const counts = what === 'heap' || isFullRun
    assert.ok(growth <= toleratedGrowth || !counts, `${what} grew by ${(growth * 100).toFixed(1)} % in the second half`)
    const swing = Math.max(...mebibytes) / Math.min(...mebibytes) - 1
    t.diagnostic(
      `${what}: ${(growth * 100).toFixed(2)} % from third to fourth quarter, swing ${(swing * 100).toFixed(2)} %`,
    )
  }
}

async function assertSameResources(node: SoakNode, before: Sample): Promise<void> {
  let after = await node.sample()
  const same = async () => {
    after = await node.sample()
    return after.resources.join() === before.resources.join()
  }
  await waitFor(same, { what: () => `the handles of the start, ${before.resources}; still there: ${after.resources}` })
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
