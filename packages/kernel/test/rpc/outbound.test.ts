/** Calls of a Tiebeam node: to OTP, to Elixir, to another Tiebeam node, to itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, ExitReason, ExportFun, equals, Tuple, tuple } from '@tiebeam/distribution'
import { type Erl, requirePeer, waitFor } from '@tiebeam/testing'
import { KernelError, type Rpc, RpcError, Thrown } from '../../src/index.ts'
import { World } from './world.ts'

async function failureOf(call: Promise<unknown>): Promise<RpcError> {
  const error = await call.then(
    (value) => assert.fail(`it gave ${String(value)}`),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof RpcError, `not an RpcError: ${String(error)}`)
  assert.ok(error instanceof KernelError && error instanceof Error)
  return error
}

test('a function of OTP gives its result, and arguments and results of every size', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const world = await World.start(t)
  const erl = await world.erl()
  const { node, rpc } = await world.tiebeam()
  // The first call connects.
  assert.deepEqual(await rpc.call(erl.name, 'lists', 'reverse', [[1, 2, 3]]), [3, 2, 1])
  assert.equal(await rpc.call(erl.name, 'erlang', 'node'), atom(erl.name))
  assert.deepEqual(await rpc.call(erl.name, 'lists', 'map', [new ExportFun('erlang', 'abs', 1), [-1, 2]]), [1, 2])
  const bytes = new Uint8Array(3_000_000).fill(7)
  assert.equal(await rpc.call(erl.name, 'erlang', 'byte_size', [bytes]), 3_000_000)
  const text = await rpc.call<string>(erl.name, 'binary', 'copy', ['ab', 1_000_000])
  assert.equal(text.length, 2_000_000)
  const sums = await Promise.all(
    Array.from({ length: 500 }, (_, n) => rpc.call<number>(erl.name, 'erlang', '+', [n, n])),
  )
  assert.deepEqual(
    sums,
    Array.from({ length: 500 }, (_, n) => 2 * n),
  )
  await isQuiet(node, rpc)
})

test('each class of exception in OTP is an RpcError of its own code, with class, reason and stack', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const world = await World.start(t)
  const erl = await world.erl()
  const { node, rpc } = await world.tiebeam()

  const badarith = await failureOf(rpc.call(erl.name, 'erlang', '/', [1, 0]))
  assert.deepEqual([badarith.code, badarith.class, badarith.reason], ['RPC_EXCEPTION', 'error', atom('badarith')])
  assert.deepEqual(
    badarith.remoteStack.map((frame) => [frame.module, frame.function, frame.arity, frame.args]),
    [['erlang', '/', 2, [1, 0]]],
  )
  assert.equal(badarith.node, erl.name)
  assert.match(badarith.message, /^erlang:\/\/2 on otp\S+ failed with badarith in erlang:\/\/2\.$/)

  const deep = await failureOf(rpc.call(erl.name, 'lists', 'foldl', ['no fun', 0, [1]]))
  assert.ok(deep.remoteStack.some((frame) => frame.file === 'lists.erl' && (frame.line ?? 0) > 0))
  assert.match(deep.stack ?? '', /RpcError: /)

  const undef = await failureOf(rpc.call(erl.name, 'no_such_module', 'run', [1]))
  assert.deepEqual([undef.code, undef.class, undef.reason], ['RPC_UNDEF', 'error', atom('undef')])
  assert.deepEqual(undef.remoteStack, [{ module: 'no_such_module', function: 'run', arity: 1, args: [1] }])

  const thrown = await failureOf(rpc.call(erl.name, 'erlang', 'throw', [tuple(atom('ball'), 1)]))
  assert.deepEqual([thrown.code, thrown.class], ['RPC_THROWN', 'throw'])
  assert.ok(equals(thrown.reason, tuple(atom('ball'), 1)))

  const exited = await failureOf(rpc.call(erl.name, 'erlang', 'exit', [atom('why')]))
  assert.deepEqual([exited.code, exited.class, exited.reason], ['RPC_EXIT', 'exit', atom('why')])

  const raised = await failureOf(rpc.call(erl.name, 'erlang', 'error', [tuple(atom('custom'), 'text')]))
  assert.deepEqual([raised.code, String(raised.reason)], ['RPC_EXCEPTION', String(tuple(atom('custom'), 'text'))])

  const sleeping = failureOf(rpc.call(erl.name, 'timer', 'sleep', [60_000], { timeoutMs: 60_000 }))
  await waitFor(async () => (await sleepers(erl)) === 1, { what: 'the process of the call' })
  await erl.evaluate(
    '[exit(P, pushed) || P <- processes(), {current_function, {timer, sleep, 1}} =:= erlang:process_info(P, current_function)]',
  )
  const signalled = await sleeping
  assert.deepEqual([signalled.code, signalled.class, signalled.reason], ['RPC_SIGNAL', 'exit', atom('pushed')])
  await isQuiet(node, rpc)
})

test('a call that takes too long rejects with RPC_TIMEOUT, and its late answer is dropped', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const world = await World.start(t)
  const erl = await world.erl()
  const { node, rpc } = await world.tiebeam()
  const late = await failureOf(rpc.call(erl.name, 'timer', 'sleep', [5_000], { timeoutMs: 20 }))
  assert.equal(late.code, 'RPC_TIMEOUT')
  await isQuiet(node, rpc)
  // As in OTP, the function runs on.
  await waitFor(async () => (await sleepers(erl)) === 1)
  await waitFor(async () => (await sleepers(erl)) === 0)
  assert.equal(await rpc.call(erl.name, 'erlang', '+', [1, 2]), 3)
  // Answers that come at just that moment are one or the other, and leave nothing behind either.
  const close = Array.from({ length: 200 }, () => rpc.call(erl.name, 'timer', 'sleep', [5], { timeoutMs: 5 }))
  for (const result of await Promise.allSettled(close)) {
    if (result.status === 'rejected') assert.equal(result.reason.code, 'RPC_TIMEOUT')
  }
  await isQuiet(node, rpc)
  await assert.rejects(rpc.call(erl.name, 'erlang', 'node', [], { timeoutMs: 0 }), { code: 'OPTION_INVALID' })
})

test('a node that is killed in the middle of calls ends them all with RPC_NODE_DOWN', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const world = await World.start(t)
  const erl = await world.erl()
  const { node, rpc } = await world.tiebeam()
  const init = { timeoutMs: Number.POSITIVE_INFINITY }
  const calls = Array.from({ length: 50 }, () => failureOf(rpc.call(erl.name, 'timer', 'sleep', [60_000], init)))
  await waitFor(async () => (await sleepers(erl)) === 50)
  assert.equal(rpc.stats().callsOut, 50)
  await erl.kill()
  for (const { code, reason } of await Promise.all(calls)) {
    assert.deepEqual([code, reason], ['RPC_NODE_DOWN', atom('noconnection')])
  }
  assert.equal((await failureOf(rpc.call(erl.name, 'erlang', 'node', []))).code, 'RPC_NODE_DOWN')
  await isQuiet(node, rpc)
})

test('what is wrong with a call itself is told at once, and nothing is left of it', async (t) => {
  const world = await World.start(t)
  const [here, there] = [await world.tiebeam({ callsOutMax: 2 }), await world.tiebeam()]
  await assert.rejects(here.rpc.call(there.node.name, 'm', 'f', [() => 1]), { name: 'EncodeError' })
  await here.node.connect(there.node.name)
  await assert.rejects(here.rpc.call(there.node.name, 'm', 'f', [() => 1]), { name: 'EncodeError' })
  assert.throws(() => here.rpc.cast(there.node.name, 'm', 'f', [() => 1]), { name: 'EncodeError' })
  await assert.rejects(here.rpc.call('no name of a node', 'm', 'f'), { code: 'NODE_NAME_INVALID' })
  await isQuiet(here.node, here.rpc)
  there.rpc.expose({ slow: { wait: () => new Promise((resolve) => setTimeout(resolve, 100)) } })
  const calls = [1, 2, 3].map(() => here.rpc.call(there.node.name, 'slow', 'wait'))
  assert.equal((await failureOf(calls[2] as Promise<unknown>)).code, 'RPC_CALLS_FULL')
  await Promise.all(calls.slice(0, 2))
  await isQuiet(here.node, here.rpc)
})

test('multicall settles per node; cast and multicast answer nothing', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const world = await World.start(t)
  const [first, second] = await Promise.all([world.erl(), world.erl()])
  const ran: unknown[] = []
  const { node, rpc } = await world.tiebeam({
    expose: { erlang: { node: () => 'mine', 'send/2': (...args: unknown[]) => ran.push(args) } },
  })
  const gone = world.name('gone')
  const results = await rpc.multicall([first.name, gone, node.name, second.name, 'nonsense'], 'erlang', 'node')
  assert.deepEqual(
    results.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.code)),
    [atom(first.name), 'RPC_NODE_DOWN', 'mine', atom(second.name), 'NODE_NAME_INVALID'],
  )
  assert.deepEqual(
    results.map((each) => each.node),
    [first.name, gone, node.name, second.name, 'nonsense'],
  )
  await assert.rejects(rpc.multicall([first.name], 'm', 'f', [Symbol('no term')]), { name: 'EncodeError' })

  for (const erl of [first, second]) await erl.evaluate('register(inbox, self())')
  rpc.multicast([first.name, second.name, node.name], 'erlang', 'send', [atom('inbox'), tuple(atom('cast'), 1)])
  rpc.cast(first.name, 'no_such_module', 'f', [])
  for (const erl of [first, second]) {
    assert.equal(await erl.evaluate('receive {cast, N} -> N after 60000 -> none end'), '1')
  }
  await waitFor(() => ran.length === 1)
  await isQuiet(node, rpc)
})

test('what a called function writes comes to the log of the caller, and does not hold it up', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const world = await World.start(t)
  const erl = await world.erl()
  const written: unknown[] = []
  const log = (first: object | string): void => {
    if (typeof first === 'object' && 'text' in first) written.push(first.text)
  }
  const logger = { trace: log, debug: log, info: log, warn: log, error: log, fatal: log, child: () => logger }
  const { rpc } = await world.tiebeam({}, { logger })
  assert.equal(await rpc.call(erl.name, 'io', 'put_chars', ['grüße\n']), atom('ok'))
  assert.equal(await rpc.call(erl.name, 'io', 'format', ['~p and ~p~n', [1, 2]]), atom('ok'))
  const read = await rpc.call(erl.name, 'io', 'get_line', ['prompt'])
  assert.ok(equals(read, tuple(atom('error'), atom('enotsup'))))
  assert.deepEqual(written, ['grüße\n', '~p and ~p~n [ 1, 2 ]'])
})

test('functions of Elixir are called by the full name of their module', async (t) => {
  if (!requirePeer(t, 'elixir', 'epmd', 'loopback')) return
  const world = await World.start(t)
  const elixir = await world.elixir()
  const { rpc } = await world.tiebeam()
  await elixir.evaluateElixir(
    'defmodule Orders do def total(id) when id > 0, do: {:ok, %{"id" => id}}; def fail, do: raise("no luck") end',
  )
  const total = await rpc.call(elixir.name, 'Elixir.Orders', 'total', [7])
  assert.ok(equals(total, tuple(atom('ok'), { id: 7 })))
  const clause = await failureOf(rpc.call(elixir.name, 'Elixir.Orders', 'total', [0]))
  assert.deepEqual([clause.code, clause.reason], ['RPC_EXCEPTION', atom('function_clause')])
  const failed = await failureOf(rpc.call(elixir.name, 'Elixir.Orders', 'fail'))
  assert.equal(failed.code, 'RPC_EXCEPTION')
  assert.equal((await failureOf(rpc.call(elixir.name, 'Orders', 'total', [7]))).code, 'RPC_UNDEF')
})

test('Tiebeam nodes call each other, and themselves, with the same outcomes', async (t) => {
  const world = await World.start(t)
  const [caller, other] = [await world.tiebeam(), await world.tiebeam()]
  const modules = {
    orders: {
      total: async (id: number) => ({ id, at: new Date(0) }),
      fail: () => {
        throw new TypeError('no luck')
      },
      exit: () => {
        throw new ExitReason(atom('enough'))
      },
      throw: () => {
        throw new Thrown(tuple(atom('ball'), 1))
      },
      termless: () => () => 1,
      nan: () => Number.NaN,
    },
  }
  for (const { rpc } of [caller, other]) rpc.expose(modules)
  for (const target of [other.node.name, caller.node.name]) {
    const call = (name: string, ...args: unknown[]) => caller.rpc.call(target, 'orders', name, args)
    assert.deepEqual(await call('total', 3), { id: 3, at: new Date(0) })
    const failed = await failureOf(call('fail'))
    assert.deepEqual([failed.code, failed.class], ['RPC_EXCEPTION', 'error'])
    assert.ok(equals(failed.reason, tuple(atom('javascript'), 'TypeError', 'no luck')))
    assert.deepEqual(failed.remoteStack, [{ module: 'orders', function: 'fail', arity: 0 }])
    assert.equal((await failureOf(call('exit'))).code, 'RPC_EXIT')
    assert.ok(equals((await failureOf(call('throw'))).reason, tuple(atom('ball'), 1)))
    assert.equal((await failureOf(call('toString'))).code, 'RPC_UNDEF')
    for (const name of ['termless', 'nan']) {
      const { code, reason } = await failureOf(call(name))
      assert.equal(code, 'RPC_EXCEPTION')
      assert.ok(reason instanceof Tuple && reason.at(1) === 'EncodeError')
    }
  }
  assert.equal(caller.node.stats().disconnected, 0)
  await isQuiet(caller.node, caller.rpc)
  await isQuiet(other.node, other.rpc)
})

test('a node without an Rpc is told apart from one that lacks the function', async (t) => {
  const world = await World.start(t)
  const [caller, other] = [await world.tiebeam(), await world.tiebeam()]
  assert.equal((await failureOf(caller.rpc.call(other.node.name, 'm', 'f'))).code, 'RPC_UNDEF')
  await other.rpc.stop()
  assert.equal((await failureOf(caller.rpc.call(other.node.name, 'm', 'f'))).code, 'RPC_NOTSUP')
})

test('a stopped Rpc, or node, gives up its calls with RPC_STOPPED', async (t) => {
  const world = await World.start(t)
  const other = await world.tiebeam({ expose: { slow: { wait: () => new Promise(() => {}) } } })
  for (const stop of ['rpc', 'node'] as const) {
    const caller = await world.tiebeam()
    const call = failureOf(caller.rpc.call(other.node.name, 'slow', 'wait'))
    await waitFor(() => other.rpc.stats().callsIn === (stop === 'rpc' ? 1 : 2))
    await caller[stop].stop()
    assert.equal((await call).code, 'RPC_STOPPED')
    assert.equal((await failureOf(caller.rpc.call(other.node.name, 'slow', 'wait'))).code, 'RPC_STOPPED')
  }
})

test('the process that makes the calls survives exit signals, and is replaced when it is killed', async (t) => {
  const world = await World.start(t)
  let callerPid: unknown
  const other = await world.tiebeam({
    expose: {
      who: {
        am: function () {
          callerPid = this.from
        },
      },
    },
  })
  const { node, rpc } = await world.tiebeam()
  await rpc.call(other.node.name, 'who', 'am')
  other.node.exit(callerPid as never, atom('go'))
  await rpc.call(other.node.name, 'who', 'am')
  other.node.exit(callerPid as never, atom('kill'))
  await waitFor(() => !node.isAlive(callerPid as never))
  await waitFor(() =>
    rpc.call(other.node.name, 'who', 'am').then(
      () => true,
      () => false,
    ),
  )
  assert.ok(node.isAlive(callerPid as never))
})

function sleepers(erl: Erl): Promise<number> {
  const source =
    'length([P || P <- processes(), {current_function, {timer, sleep, 1}} =:= erlang:process_info(P, current_function)])'
  return erl.evaluate(source).then(Number)
}

/** Nothing is left of calls: no monitor, no process, nothing pending. */
async function isQuiet(
  node: { stats(): { monitors: number; pendingSpawns: number; processes: number } },
  rpc: Rpc,
): Promise<void> {
  const figures = () => {
    const { monitors, pendingSpawns, processes } = node.stats()
    return { monitors, pendingSpawns, processes, ...rpc.stats() }
  }
  // net_kernel, rex, the group leader, the node itself, and the process that makes calls.
  const quiet = { monitors: 0, pendingSpawns: 0, processes: 5, callsOut: 0, callsIn: 0 }
  await waitFor(() => JSON.stringify(figures()) === JSON.stringify(quiet), { what: 'nothing left of the calls' }).catch(
    () => assert.deepEqual(figures(), quiet),
  )
}
