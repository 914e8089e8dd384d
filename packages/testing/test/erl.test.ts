import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { ErlangError, requirePeer, startElixir, startEpmd, startErl, Teardown, waitFor } from '../src/index.ts'

const module = new URL('../../test/peer/echo.erl', import.meta.url)

test('erl evaluates expressions one after the other and keeps variables', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const erl = await startErl(t)
  assert.equal(await erl.evaluate('X = 20 + 1'), '21')
  assert.equal(await erl.evaluate('{x, X * 2, <<"text">>}.'), '{x,42,<<"text">>}')
  const answers = await Promise.all([erl.evaluate('Y = X'), erl.evaluate('Z = Y + 1'), erl.evaluate('Z + 1')])
  assert.deepEqual(answers, ['21', '22', '23'])
  assert.deepEqual([...(await erl.evaluateToBytes('{X}'))], [131, 104, 1, 97, 21])
})

test('an exception and a syntax error in the node are an ErlangError, and the node goes on', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const erl = await startErl(t)
  await assert.rejects(
    erl.evaluate('hd([])'),
    (error) => error instanceof ErlangError && error.message.includes('badarg'),
  )
  await assert.rejects(erl.evaluate('1 +'), (error) => error instanceof ErlangError && error.message.includes('syntax'))
  await assert.rejects(erl.evaluate('exit(self(), kill), receive never -> ok end'), /the process ended: killed/)
  assert.equal(await erl.evaluate('1 + 1'), '2')
})

test('an evaluation that waits does not hold up another process', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const erl = await startErl(t)
  const waiting = erl.evaluate('register(waiter, self()), receive Message -> {got, Message} end', { process: 'waiter' })
  await waitFor(async () => (await erl.evaluate('whereis(waiter)')) !== 'undefined')
  await erl.evaluate('waiter ! hello')
  assert.equal(await waiting, '{got,hello}')
})

test('a loaded module is called with bytes and answers with bytes, megabytes at a time', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const erl = await startErl(t)
  await erl.load(module)
  const bytes = Buffer.alloc(5_000_000, 'abcdefg')
  const answers = await Promise.all([1, 2, 3].map(() => erl.call('echo', 'echo', bytes)))
  for (const answer of answers) assert.ok(answer.equals(bytes))
  const messages: string[] = []
  erl.channel.on('message', (message) => messages.push(message.toString()))
  await erl.evaluate('tiebeam_peer:emit(<<"one">>), tiebeam_peer:emit(<<"two">>)')
  assert.deepEqual(messages, ['one', 'two'])
})

test('erl nodes that share an EPMD find each other, and no daemon is left behind', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const teardown = new Teardown()
  const epmd = await startEpmd(teardown)
  const [one, two] = await Promise.all([
    startErl(teardown, { name: 'one@127.0.0.1', epmd }),
    startErl(teardown, { name: 'two@127.0.0.1', epmd, hidden: true }),
  ])
  assert.equal(await one.evaluate("net_adm:ping('two@127.0.0.1')"), 'pong')
  assert.equal(await one.evaluate('nodes(connected)'), "['two@127.0.0.1']")
  assert.equal(await one.evaluate('nodes()'), '[]')
  await two.stop()
  assert.equal(two.child.running, false)
  const pids = [epmd.child.pid, one.pid, two.pid]
  await teardown.run()
  for (const pid of pids) assert.ok(!existsSync(`/proc/${pid}`), `process ${pid} is still there`)
})

test('a node started without an EPMD gets one of its own, which ends with it', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const teardown = new Teardown()
  const erl = await startErl(teardown, { name: 'alone@127.0.0.1', cookie: 'other' })
  const names = spawnSync('epmd', ['-port', String(erl.epmdPort), '-names']).stdout.toString()
  assert.match(names, /name alone at port/)
  assert.equal(await erl.evaluate('erlang:get_cookie()'), 'other')
  await teardown.run()
  assert.notEqual(spawnSync('epmd', ['-port', String(erl.epmdPort), '-names']).status, 0)
})

test('a node that cannot start is an error that shows its output', async (t) => {
  if (!requirePeer(t, 'erl')) return
  await assert.rejects(startErl(t, { name: 'no-host-here', epmd: false }), /erl did not start[\s\S]*Hostname|Can't set/)
})

test('Elixir evaluates in a node with Elixir in it', async (t) => {
  if (!requirePeer(t, 'erl', 'elixir')) return
  const elixir = await startElixir(t)
  assert.equal(
    await elixir.evaluateElixir('x = %{name: "Ada", at: ~D[2024-02-29]}'),
    '%{at: ~D[2024-02-29], name: "Ada"}',
  )
  assert.equal(await elixir.evaluateElixir('x.name <> "!"'), '"Ada!"')
  await assert.rejects(elixir.evaluateElixir('raise "no"'), /RuntimeError/)
})

test('programs started here die when this process is killed', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  if (process.platform !== 'linux') return t.skip('needs prctl of Linux')
  const index = new URL('../src/index.js', import.meta.url).href
  const source = `
    import { startErl, Teardown } from ${JSON.stringify(index)}
    const erl = await startErl(new Teardown(), { name: 'tied@127.0.0.1' })
    process.stdout.write(String(erl.pid), () => process.kill(process.pid, 'SIGKILL'))`
  const result = spawnSync(process.execPath, ['--input-type=module', '--eval', source], { encoding: 'utf8' })
  assert.equal(result.signal, 'SIGKILL', result.stderr)
  assert.match(result.stdout, /^\d+$/)
  await waitFor(() => !existsSync(`/proc/${result.stdout}`), { what: 'the end of erl' })
})
