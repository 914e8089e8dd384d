import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort, hasPeer, requirePeer, startEpmd, waitFor } from '@tiebeam/testing'
import { unbindable } from '../src/loopback.ts'
import { DemoRun, type } from './demo-run.ts'

/** A line of the demo, with every run of digits the same, whichever of the two that are left became the primary. */
function withoutFigures(line: string): string {
  const figures = line.replace(/\d+/g, '0').replace(/ +/g, ' ')
  return figures.replace(/went on with \w+@[\d.]+ /, 'went on with one of them ')
}

const withAddresses = {
  skip: (await unbindable(['127.0.0.2', '127.0.0.3', '127.0.0.4'])).length > 0 && 'needs 127.0.0.2 to 127.0.0.4',
}

test(
  'with --once every step is told with its time, and it ends with status 0 and nothing left behind',
  withAddresses,
  async (t) => {
    if (process.env.TIEBEAM_REQUIRE_PEERS === '1') requirePeer(t, 'erl')
    const run = await DemoRun.start(t, ['--once'])
    assert.equal(await run.ended(), 0, run.stdout + run.stderr)
    t.diagnostic(`\n${run.stdout}`)

    const time = String.raw`\d+\.\d{3} s +\+\d+\.\d ms  . `
    for (const claim of [
      'formed: each of the three is connected to the two others',
      'baz@127\\.0\\.0\\.3 → foo@127\\.0\\.0\\.1: “hello back, from Node\\.js .*”',
      ...(hasPeer('erl') ? ['qux@127\\.0\\.0\\.4 → foo@127\\.0\\.0\\.1: “welcome back, from OTP \\d+”'] : []),
      'baz read “tea” from its own memory',
      `noticed by all ${hasPeer('erl') ? 3 : 2} others, who keep their connections`,
      'nothing lost: baz holds all \\d+ rows that were written',
      `whole again: ${hasPeer('erl') ? 4 : 3} nodes, each connected to all others`,
      'bar holds the table again, all \\d+ rows',
      'bar@127\\.0\\.0\\.2 → foo@127\\.0\\.0\\.1: “good to see you back, from Node\\.js .*”',
    ]) {
      assert.match(run.stdout, new RegExp(`^ *${time}${claim}$`, 'm'))
    }
    const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8')
    const [, picture = ''] = /```text\n(1\. Three[^`]*)```/.exec(readme) ?? []
    const shown = picture
      .split('\n')
      .filter((line) => !/^\s*…?$/.test(line) && (hasPeer('erl') || !/OTP|Erlang|qux|all/.test(line)))
    assert.ok(shown.length >= 9)
    const told = new Set(run.stdout.split('\n').map(withoutFigures))
    for (const line of shown) assert.ok(told.has(withoutFigures(line)), `the demo tells what README.md shows: ${line}`)
    assert.match(run.stdout, /Every step passed, in \d+\.\d s\.\n$/)
    assert.equal(run.stderr, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there is none is the point
    assert.doesNotMatch(run.stdout, /\u001B/, 'no colours in a pipe')
    assert.ok(run.members.length >= 4)
    assert.deepEqual(run.alive, [])
  },
)

test('without erl one line says how to get it, and the rest is as ever', withAddresses, async (t) => {
  const nothing = mkdtempSync(join(tmpdir(), 'tiebeam-demo-'))
  t.after(() => rmSync(nothing, { recursive: true }))
  // The programs of a bare system, without those that may be Erlang's.
  const run = await DemoRun.start(t, ['--once'], { PATH: nothing })
  assert.equal(await run.ended(), 0, run.stdout + run.stderr)
  assert.match(run.stdout, /– left out: there is no erl here; install it \(.*erlang-base.*brew install erlang\)/)
  assert.match(run.stdout, /whole again: 3 nodes/)
})

test('beside an EPMD that runs already, the demo does the same', withAddresses, async (t) => {
  if (!requirePeer(t, 'epmd')) return
  const epmd = await startEpmd(t)
  const run = await DemoRun.start(t, ['--once'], { ERL_EPMD_PORT: String(epmd.port) })
  assert.equal(await run.ended(), 0, run.stdout + run.stderr)
  assert.match(run.stdout, /whole again: \d nodes/)
})

test('a step that fails is told with what the process wrote, and gives status 1', withAddresses, async (t) => {
  const first = await DemoRun.start(t, [])
  await first.says(/stays up until Ctrl-C/)
  const second = await DemoRun.start(t, ['--once'], { ERL_EPMD_PORT: String(first.epmdPort) })
  assert.equal(await second.ended(), 1, second.stdout)
  assert.match(second.stdout, /✗ (foo|bar|baz)@127\.0\.0\.\d ended with status 1, which nobody asked for/)
  assert.match(second.stdout, /wrote to its standard error:\n +EPMD_NAME_TAKEN: .+/)
  assert.match(second.stdout, /A step failed\.\n$/)
  assert.deepEqual(second.alive, [])

  // The first demo is unharmed by all that.
  assert.doesNotMatch(first.stdout, /ended/)
  first.child.kill('SIGTERM')
  assert.equal(await first.ended(), 0)
})

test('a step that takes longer than --limit fails, and says what did not happen', withAddresses, async (t) => {
  const run = await DemoRun.start(t, ['--once', '--limit', '0.001'])
  assert.equal(await run.ended(), 1, run.stdout)
  assert.match(run.stdout, /✗ after 0\.001 s still not: foo@127\.0\.0\.1 is up$/m)
})

test('a killed node is started again while the demo stays up, until Ctrl-C', withAddresses, async (t) => {
  const run = await DemoRun.start(t, [])
  const [, baz] = await run.says(/baz@127\.0\.0\.3 is (\d+)/)
  process.kill(Number(baz), 'SIGKILL')
  await run.says(
    /baz@127\.0\.0\.3 ended by signal SIGKILL, and is started again in 1 s.*baz@127\.0\.0\.3 is up: process \d+.*foo@127\.0\.0\.1 is connected to baz@127\.0\.0\.3/s,
  )
  run.child.kill('SIGINT')
  assert.equal(await run.ended(), 0)
  assert.deepEqual(run.alive, [])
})

test('a shell started as the demo says joins the cluster and is answered', withAddresses, async (t) => {
  const run = await DemoRun.start(t, [])
  await run.says(/Kill one with kill -9/)
  for (const { peer, start, answer } of [
    {
      peer: 'elixir' as const,
      start: /iex --name/,
      answer: /\{:welcome, #PID<[\d.]+>, "hi from Elixir back, from Node\.js/,
    },
    { peer: 'erl' as const, start: /erl -name/, answer: /\{welcome,<[\d.]+>,\s*<<"hi from Erlang back, from Node\.js/ },
  ]) {
    if (process.env.TIEBEAM_REQUIRE_PEERS === '1') requirePeer(t, peer)
    if (!hasPeer(peer)) continue
    const lines = run.stdout.split('\n').map((line) => line.trim())
    const at = lines.findIndex((line) => start.test(line))
    const output = await type(t, lines[at]!, lines.slice(at + 1, at + 4), answer)
    assert.match(output, /true|pong/)
    await run.says(/foo@127\.0\.0\.1 is connected to guest@127\.0\.0\.1/)
  }
  run.child.kill('SIGTERM')
  assert.equal(await run.ended(), 0)
  assert.deepEqual(run.alive, [])
})

test('when the demo itself is killed, its processes end by themselves', withAddresses, async (t) => {
  const run = await DemoRun.start(t, [])
  await run.says(/stays up until Ctrl-C/)
  assert.ok(run.alive.length >= 3)
  run.child.kill('SIGKILL')
  assert.equal(await run.ended(), 'SIGKILL')
  await waitFor(() => run.alive.length === 0, { what: `the end of ${run.members}` })
})

test(
  'interrupted before the last step, it ends all it started and has the status of the signal',
  withAddresses,
  async (t) => {
    const run = await DemoRun.start(t, ['--once'], { ERL_EPMD_PORT: String(await freePort()) })
    await run.says(/foo@127\.0\.0\.1 is up/)
    run.child.kill('SIGINT')
    assert.equal(await run.ended(), 130, run.stdout)
    assert.match(run.stdout, /Ended before the last step: interrupted \(SIGINT\)\.\n$/)
    assert.deepEqual(run.alive, [])
  },
)
