/** OTP and Elixir call servers of ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Node } from '@tiebeam/distribution'
import { type Erl, requirePeer, type Scope, waitFor } from '@tiebeam/testing'
import { CallError, serverRef } from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startPair, startWithPeer } from '../start.ts'
import { Counter } from './counter.ts'

interface World {
  readonly node: Node
  readonly erl: Erl
  readonly logger: RecordingLogger
  /** The counter, as Erlang names it. */
  readonly there: string
}

async function startCounter(t: Scope, kind: 'erl' | 'elixir' = 'erl'): Promise<World> {
  const logger = new RecordingLogger()
  const { node, erl } = await startWithPeer(t, kind, { logger })
  await Counter.start(node, { name: 'counter' })
  return { node, erl, logger, there: `{counter,'${node.name}'}` }
}

test('gen_server of OTP reaches a server of ours: call, cast, multi_call, abcast, send_request', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl, there } = await startCounter(t)
  const name = `'${node.name}'`
  assert.equal(await erl.evaluate(`gen_server:call(${there}, {add, 5})`), '5')
  assert.equal(await erl.evaluate(`gen_server:call(${there}, get, infinity)`), '5')
  assert.equal(await erl.evaluate(`gen_server:cast(${there}, reset), gen_server:call(${there}, get)`), '0')
  assert.equal(
    await erl.evaluate(`gen_server:abcast([${name}], counter, {set, 8}), gen_server:call(${there}, get)`),
    '8',
  )
  const multiCall = (more = '') =>
    erl.evaluate(
      `(fun({Replies, Bad}) -> {Replies, lists:sort(Bad)} end)` +
        `(gen_server:multi_call([${name}, 'nobody@127.0.0.1', node()], counter, {add, 1}${more}))`,
    )
  const bad = `['nobody@127.0.0.1','${erl.name}']`
  assert.equal(await multiCall(), `{[{${name},9}],${bad}}`)
  assert.equal(await multiCall(', 60000'), `{[{${name},10}],${bad}}`)
  const request = `gen_server:receive_response(gen_server:send_request(${there}, {add, 1}), 60000)`
  assert.equal(await erl.evaluate(request), '{reply,11}')
  assert.equal(
    await erl.evaluate(`gen_server:wait_response(gen_server:send_request(${there}, get), 60000)`),
    '{reply,11}',
  )
  const many = `[gen_server:call(${there}, {whole, <<"a">>, [N], #{deep => true}}) || N <- lists:seq(1, 500)]`
  assert.match(
    await erl.evaluate(`lists:last(${many})`),
    /^\[<<"a">>,\[500\],#\{<<"deep">> => true\}\]$|^\[<<"a">>,\[500\],/,
  )
  await waitFor(() => node.stats().monitors === 0)
})

test('OTP sees timeouts, late replies, ends and missing servers as with a server of its own', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl, there } = await startCounter(t)
  const failure = (request: string) =>
    erl.evaluate(`(fun() -> try gen_server:call(${request}) catch exit:{Reason, _} -> Reason end end)()`)
  assert.equal(await failure(`${there}, silence, 20`), 'timeout')
  assert.equal(await failure(`${there}, positive, 20`), 'timeout')
  assert.equal(await erl.evaluate(`gen_server:cast(${there}, {set, 1}), gen_server:call(${there}, get)`), '1')
  assert.equal(await erl.evaluate(`receive Any -> Any after 50 -> none end`), 'none')
  await erl.evaluate(`gen_server:cast(${there}, reset)`)
  const positive = erl.evaluate(`gen_server:call(${there}, positive)`, { process: 'other' })
  await sleep(20)
  await erl.evaluate(`gen_server:cast(${there}, {set, 4})`)
  assert.equal(await positive, '4')
  assert.equal(await failure(`${there}, fail`), '{{javascript,<<"RangeError">>,<<"too much">>},[]}')
  assert.equal(await failure(`${there}, get`), 'noproc')
  await Counter.start(node, { name: 'counter' })
  assert.equal(await failure(`${there}, noTerm`).then((reason) => /EncodeError/.test(reason)), true)
  await Counter.start(node, { name: 'counter' })
  assert.equal(await failure(`${there}, exit`), '{gave,up}')
  await Counter.start(node, { name: 'counter' })
  assert.equal(await erl.evaluate(`gen_server:call(${there}, {finish, <<"shutdown">>})`), '<<"last words">>')
  await Counter.start(node, { name: 'counter' })
  assert.equal(await erl.evaluate(`gen_server:stop(${there}, normal, 60000)`), 'ok')
  assert.equal(await erl.evaluate(`try gen_server:stop(${there}) catch exit:Why -> Why end`), 'noproc')
  await Counter.start(node, { name: 'counter' })
  const waiting = failure(`${there}, silence, infinity`)
  await sleep(20)
  await node.stop({ timeoutMs: 0 })
  assert.match(await waiting, /^(shutdown|\{nodedown,.*\})$/)
})

test('what OTP sends that is not known, or malformed, is refused or dropped, and does no harm', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { erl, logger, there } = await startCounter(t)
  const unknown = (request: string) => `{error,{unknown_call,${request}}}`
  for (const request of ['typo', 'add', '{add}', '{}', '<<"get">>', "'__proto__'", '{hasOwnProperty,1}', '[]']) {
    assert.equal(await erl.evaluate(`gen_server:call(${there}, ${request})`), unknown(request))
    assert.equal(await erl.evaluate(`gen_server:cast(${there}, ${request})`), 'ok')
  }
  for (const message of [
    `{'$gen_call', self(), get}`,
    `{'$gen_call', {self()}, get}`,
    `{'$gen_call', {nobody, make_ref()}, get}`,
    `{'$gen_call', {self(), make_ref()}}`,
    `{'$gen_call'}`,
    `{'$gen_cast'}`,
    `{'$gen_cast', a, b}`,
    `{system, self(), get_state}`,
    `{system, {self(), [alias | make_ref()]}, get_state}`,
    `{'$gen_call', {self(), [alias | make_ref()]}, get}`,
    `{'EXIT', self(), kill}`,
    `{'DOWN', make_ref(), process, self(), normal}`,
    `#{}`,
  ]) {
    await erl.evaluate(`${there} ! ${message}`)
  }
  const dead = `Dead = spawn(fun() -> ok end), timer:sleep(10), ${there} ! {'$gen_call', {Dead, make_ref()}, get}`
  await erl.evaluate(dead)
  const byPid = `Ref = make_ref(), ${there} ! {'$gen_call', {self(), [Ref, tagged]}, get}, receive {[Ref, tagged], R} -> R end`
  assert.equal(await erl.evaluate(byPid), '0')
  const listed = `A = alias(), ${there} ! {'$gen_call', {self(), [[alias | A], x]}, get}, receive {[[alias | A], x], L} -> L end`
  assert.equal(await erl.evaluate(listed), '0')
  assert.equal(await erl.evaluate(`gen_server:call(${there}, get)`), '0')
  for (const kind of ['call', 'cast', 'message']) {
    assert.equal(logger.complaints(`a ${kind} that nothing handles`).length, 1, kind)
  }
  assert.equal(logger.complaints().length, 3)
})

test('sys of OTP looks into a server of ours, suspends and resumes it, and ends it', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { erl, there } = await startCounter(t)
  assert.equal(await erl.evaluate(`sys:get_state(${there})`), '#{<<"total">> => 0}')
  const status = `{status, Pid, {module, Module}, [_, State, _, _, [{header, Header} | _]]} = sys:get_status(${there}), {is_pid(Pid), Module, State, Header}`
  assert.equal(await erl.evaluate(status), `{true,'Counter',running,"Status for generic server Counter"}`)
  assert.equal(await erl.evaluate(`sys:suspend(${there})`), 'ok')
  assert.equal(
    await erl.evaluate(`catch gen_server:call(${there}, get, 20), sys:get_state(${there})`),
    '#{<<"total">> => 0}',
  )
  assert.equal(await erl.evaluate(`sys:resume(${there}), gen_server:call(${there}, {add, 1})`), '1')
  assert.match(await erl.evaluate(`catch sys:replace_state(${there}, fun(S) -> S end)`), /unknown_system_msg/)
  assert.match(await erl.evaluate(`catch sys:trace(${there}, true)`), /unknown_debug/)
  assert.match(
    await erl.evaluate(`sys:suspend(${there}), catch sys:change_code(${there}, m, v, e)`),
    /unknown_system_msg/,
  )
  assert.equal(await erl.evaluate(`sys:terminate(${there}, shutdown)`), 'ok')
  assert.match(await erl.evaluate(`catch gen_server:call(${there}, get)`), /noproc/)
})

test('Elixir calls a server of ours with atoms and tuples, and with values of its own', async (t) => {
  if (!requirePeer(t, 'erl', 'elixir')) return
  const { node, erl } = await startCounter(t, 'elixir')
  const there = `{:counter, :"${node.name}"}`
  assert.equal(await erl.evaluateElixir(`GenServer.call(${there}, {:add, 5})`), '5')
  assert.equal(await erl.evaluateElixir(`GenServer.cast(${there}, :reset); GenServer.call(${there}, :get)`), '0')
  const whole = `GenServer.call(${there}, {:whole, "text", [1, 2], %{deep: true}})`
  assert.equal(await erl.evaluateElixir(whole), '["text", [1, 2], %{deep: true}]')
  assert.equal(
    await erl.evaluateElixir(`GenServer.multi_call([node(), :"${node.name}"], :counter, :get)`),
    `{["${node.name}": 0], [:"${erl.name}"]}`,
  )
  assert.equal(await erl.evaluateElixir(`GenServer.call(${there}, :typo)`), '{:error, {:unknown_call, :typo}}')
  assert.equal(await erl.evaluateElixir(`:sys.get_state(${there})`), '%{"total" => 0}')
  const crash = `try do GenServer.call(${there}, :fail) catch :exit, {reason, _} -> reason end`
  assert.equal(await erl.evaluateElixir(crash), '{{:javascript, "RangeError", "too much"}, []}')
  assert.match(
    await erl.evaluateElixir(`try do GenServer.call(${there}, :get) catch :exit, {r, _} -> r end`),
    /:noproc/,
  )
  await Counter.start(node, { name: 'counter' })
  assert.equal(await erl.evaluateElixir(`GenServer.stop(${there})`), ':ok')
})

test('a typed reference calls a server of another Tiebeam node; an older one refuses what it lacks', async (t) => {
  const { node, peer } = await startPair(t)
  await Counter.start(peer, { args: [1], name: 'counter' })
  const counter = serverRef<Counter>(node, { name: 'counter', node: peer.name })
  assert.equal(await counter.call('add', 2), 3)
  counter.cast('set', 10)
  assert.deepEqual(await counter.call('whole', 'text', [1, 2, 3], { deep: true }), ['text', [1, 2, 3], { deep: true }])
  assert.equal(await counter.call('slowly', 1), 11)
  const newer = counter as unknown as { call(name: string): Promise<unknown> }
  await assert.rejects(newer.call('multiply'), (error) => error instanceof CallError && error.code === 'UNKNOWN_CALL')
  await assert.rejects(counter.call('exit'), { code: 'SERVER_EXITED' })
  await assert.rejects(counter.call('get'), { code: 'NOPROC' })
})
