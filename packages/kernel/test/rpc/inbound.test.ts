/** Calls that reach a Tiebeam node from OTP and Elixir, and what they may reach. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, ExitReason } from '@tiebeam/distribution'
import { type Erl, requirePeer, waitFor } from '@tiebeam/testing'
import { type CallContext, type Rpc, Thrown } from '../../src/index.ts'
import { World } from './world.ts'

/** What the calls of these tests find. */
function orders() {
  const contexts: CallContext[] = []
  return {
    contexts,
    modules: {
      'Elixir.Orders': { total: (id: number) => ({ id }) },
      orders: {
        add: (a: number, b: number) => a + b,
        later: async (value: unknown) => value,
        silent: () => undefined,
        fail: () => {
          throw new RangeError('too many')
        },
        throw: (value: unknown) => {
          throw new Thrown(value)
        },
        exit: (reason: unknown) => {
          throw new ExitReason(reason)
        },
        odd: () => {
          throw 'a string'
        },
        termless: () => Symbol('no term'),
        text: (bytes: number) => 'x'.repeat(bytes),
        sleep: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, 'slept')),
        forever: function (this: CallContext) {
          contexts.push(this)
          return new Promise(() => {})
        },
        'arity/1': () => 'one',
        'arity/2': () => 'two',
        any: (...args: unknown[]) => args.length,
      },
    },
  }
}

/** Evaluates, and gives `{value, V}` or the class and the reason of the exception. */
function outcome(erl: Erl, expression: string): Promise<string> {
  return erl.evaluate(`(fun() -> try ${expression} of V -> {value, V} catch C:R -> {C, R} end end)()`)
}

async function start(t: Parameters<typeof World.start>[0]) {
  const world = await World.start(t)
  const erl = await world.erl()
  const { contexts, modules } = orders()
  const log: string[] = []
  const record = (first: object | string, second?: string): void => {
    log.push(`${second ?? first} ${typeof first === 'object' && 'function' in first ? first.function : ''}`)
  }
  const logger = {
    trace: record,
    debug: record,
    info: record,
    warn: record,
    error: record,
    fatal: record,
    child: () => logger,
  }
  const { node, rpc } = await world.tiebeam({ expose: modules, callsInMax: 100, logger })
  const there = `'${node.name}'`
  return { world, erl, node, rpc, there, contexts, log }
}

test('erpc:call, rpc:call and their kin reach exposed functions and get every class of outcome', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { erl, node, rpc, there } = await start(t)
  const erpc = (name: string, args: string) => outcome(erl, `erpc:call(${there}, orders, ${name}, ${args})`)
  const plain = (name: string, args: string) => outcome(erl, `rpc:call(${there}, orders, ${name}, ${args})`)
  const both = async (name: string, args: string) => [await erpc(name, args), await plain(name, args)]

  assert.deepEqual(await both('add', '[1, 2]'), ['{value,3}', '{value,3}'])
  assert.deepEqual(await both('later', '[{a, <<"b">>}]'), ['{value,{a,<<"b">>}}', '{value,{a,<<"b">>}}'])
  assert.deepEqual(await both('silent', '[]'), ['{value,undefined}', '{value,undefined}'])
  assert.equal(await outcome(erl, `erpc:call(${there}, 'Elixir.Orders', total, [7])`), '{value,#{<<"id">> => 7}}')
  assert.equal(await outcome(erl, `erpc:call(${there}, fun orders:silent/0)`), '{value,undefined}')

  const failure = '{{javascript,<<"RangeError">>,<<"too many">>},[{orders,fail,0,[]}]}'
  assert.deepEqual(await both('fail', '[]'), [
    `{error,{exception,${failure.slice(1)}}`,
    `{value,{badrpc,{'EXIT',${failure}}}}`,
  ])
  assert.deepEqual(await both('throw', '[{ball, 1}]'), ['{throw,{ball,1}}', '{value,{ball,1}}'])
  assert.deepEqual(await both('exit', '[enough]'), ['{exit,{exception,enough}}', "{value,{badrpc,{'EXIT',enough}}}"])
  assert.deepEqual(await both('odd', '[]'), [
    '{error,{exception,{nocatch,<<"a string">>},[{orders,odd,0,[]}]}}',
    `{value,{badrpc,{'EXIT',{{nocatch,<<"a string">>},[{orders,odd,0,[]}]}}}}`,
  ])
  const [termless] = await both('termless', '[]')
  assert.match(
    termless as string,
    /^\{error,\{exception,\{javascript,<<"EncodeError">>,<<.+>>\},\[\{orders,termless,0,\[\]\}\]\}\}$/,
  )
  assert.equal(await erl.evaluate(`byte_size(erpc:call(${there}, orders, text, [5000000]))`), '5000000')

  assert.deepEqual(await both('arity', '[1]'), ['{value,<<"one">>}', '{value,<<"one">>}'])
  assert.equal(await erpc('arity', '[1, 2]'), '{value,<<"two">>}')
  assert.match(await erpc('arity', '[1, 2, 3]'), /undef/)
  assert.equal(await erpc('any', 'lists:seq(1, 30)'), '{value,30}')

  assert.equal(
    await erl.evaluate(`erpc:receive_response(erpc:send_request(${there}, orders, sleep, [20]))`),
    '<<"slept">>',
  )
  assert.equal(
    await erl.evaluate(`erpc:multicall([node(), ${there}, ${there}], orders, add, [3, 4])`),
    '[{error,{exception,undef,[{orders,add,[3,4],[]}]}},{ok,7},{ok,7}]',
  )
  assert.equal(
    await erl.evaluate(`rpc:multicall([${there}, nobody@nowhere], orders, add, [3, 4])`),
    '{[7],[nobody@nowhere]}',
  )
  assert.equal(await erl.evaluate(`rpc:yield(rpc:async_call(${there}, orders, add, [1, 1]))`), '2')
  await isQuiet(node, rpc)
})

test('whatever is not exposed is undef, as if OTP did not have it', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { world, erl, node, rpc, there, log } = await start(t)
  const otp = `'${(await world.erl()).name}'`
  const calls = [
    ['no_such_module', 'run', '[1]'],
    ['orders', 'to_string', '[]'],
    // Erlang's own modules are no more reachable here than any other.
    ...['toString', 'constructor', "'__proto__'", 'hasOwnProperty', 'valueOf'].map((name) => ['orders', name, '[]']),
    ...["'__proto__'", 'constructor', 'toString'].map((module) => [module, 'call', '[1]']),
  ]
  for (const [module, name, args] of calls) {
    for (const how of ['erpc', 'rpc']) {
      const call = (target: string) => outcome(erl, `${how}:call(${target}, ${module}, ${name}, ${args})`)
      assert.equal(await call(there), await call(otp), `${how}:call of ${module}:${name}`)
    }
  }
  assert.equal(
    await outcome(erl, `erpc:call(${there}, os, cmd, ["id"])`),
    '{error,{exception,undef,[{os,cmd,["id"],[]}]}}',
  )
  assert.equal(
    await outcome(erl, `rpc:call(${there}, erlang, halt, [])`),
    "{value,{badrpc,{'EXIT',{undef,[{erlang,halt,[],[]}]}}}}",
  )
  assert.match(
    await outcome(erl, `erpc:call(${there}, fun() -> 1 end)`),
    /^\{error,\{exception,undef,\[\{erlang,apply,\[#Fun</,
  )
  const before = log.length
  await outcome(erl, `erpc:call(${there}, os, cmd, ["other"])`)
  assert.equal(log.length, before, 'the same refusal is logged once')
  assert.ok(log.includes('a function that is not exposed was called os:cmd/1'))
  await isQuiet(node, rpc)
})

test('casts run, and those of what is not there do no harm', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { erl, node, rpc, there, log } = await start(t)
  const seen: unknown[] = []
  rpc.expose({ log: { add: (...args: unknown[]) => void seen.push(args) } })
  await erl.evaluate(`erpc:cast(${there}, log, add, [1]), rpc:cast(${there}, log, add, [2])`)
  await erl.evaluate(`erpc:multicast([${there}, ${there}], log, add, [3])`)
  await erl.evaluate(`rpc:eval_everywhere([${there}], log, add, [4])`)
  await erl.evaluate(`erpc:cast(${there}, orders, fail, []), erpc:cast(${there}, os, cmd, ["id"])`)
  await erl.evaluate(`gen_server:cast({rex, ${there}}, {cast, log, add, [5], group_leader()})`)
  await waitFor(() => seen.length === 6)
  assert.deepEqual(seen.map((args) => (args as number[])[0]).sort(), [1, 2, 3, 3, 4, 5])
  await waitFor(() => log.includes('a called function failed orders:fail/0'))
  await isQuiet(node, rpc)
})

test('rex serves block_call, sbcast, abcast and C nodes', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { erl, node, rpc, there } = await start(t)
  const block = (name: string, args: string) =>
    outcome(erl, `rpc:block_call(${there}, orders, ${name}, ${args}, 60000)`)
  assert.equal(await block('add', '[1, 2]'), '{value,3}')
  assert.equal(await block('throw', '[ball]'), '{value,ball}')
  assert.equal(await block('exit', '[enough]'), "{value,{badrpc,{'EXIT',enough}}}")
  assert.match(await block('fail', '[]'), /^\{value,\{badrpc,\{'EXIT',\{\{javascript,<<"RangeError">>/)
  assert.match(await block('termless', '[]'), /^\{value,\{badrpc,\{'EXIT',\{\{javascript,<<"EncodeError">>/)
  assert.equal(await block('missing', '[]'), "{value,{badrpc,{'EXIT',{undef,[{orders,missing,[],[]}]}}}}")
  assert.equal(
    await erl.evaluate(
      `{rex, ${there}} ! {self(), {call, orders, add, [2, 2], user}}, receive {rex, Reply} -> Reply end`,
    ),
    '4',
  )
  assert.equal(
    await erl.evaluate(`{rex, ${there}} ! {self(), features_request}, receive {features_reply, N, F} -> {N, F} end`),
    `{${there},[erpc]}`,
  )
  const heard: unknown[] = []
  node.spawn(
    async (self) => {
      for await (const message of self) heard.push(message)
    },
    { name: 'radio' },
  )
  assert.equal(await erl.evaluate(`rpc:sbcast([${there}], radio, news)`), `{[${there}],[]}`)
  assert.equal(await erl.evaluate(`rpc:sbcast([${there}], silence, news)`), `{[],[${there}]}`)
  assert.equal(await erl.evaluate(`rpc:abcast([${there}], radio, more)`), 'abcast')
  await waitFor(() => heard.length === 2)
  assert.deepEqual(heard, [atom('news'), atom('more')])
  await erl.evaluate(
    `{rex, ${there}} ! nonsense, {rex, ${there}} ! {self(), {call, 1, 2, 3, 4}}, {rex, ${there}} ! {'$gen_call', {self(), make_ref()}, nonsense}`,
  )
  assert.equal(await block('add', '[1, 2]'), '{value,3}')
  await waitFor(() => rpc.stats().callsIn === 0 && node.stats().monitors === 0)
})

test('a caller that gives up gets timeout, and the function goes on as in OTP', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { erl, node, rpc, there, contexts } = await start(t)
  await erl.evaluate(`net_adm:ping(${there})`)
  assert.equal(await outcome(erl, `erpc:call(${there}, orders, sleep, [4000], 20)`), '{error,{erpc,timeout}}')
  await waitFor(() => rpc.stats().callsIn === 1)
  assert.equal(await outcome(erl, `rpc:call(${there}, orders, sleep, [300], 20)`), '{value,{badrpc,timeout}}')
  await isQuiet(node, rpc)
  assert.equal(await erl.evaluate('receive Late -> Late after 0 -> none end'), 'none')

  // A linked spawn ends with its parent, and the function can notice.
  await erl.evaluate(`Parent = spawn(fun() -> spawn_link(${there}, orders, forever, []), timer:sleep(60000) end), ok`)
  await waitFor(() => contexts.length === 1)
  const [context] = contexts as [CallContext]
  assert.equal(context.from?.node, erl.name)
  assert.equal(context.signal.aborted, false)
  await erl.evaluate('exit(Parent, enough)')
  await waitFor(() => context.signal.aborted)
  assert.equal(node.stats().processLinks, 0)
})

test('a caller that is killed leaves nothing behind', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { erl, node, rpc, there } = await start(t)
  await erl.evaluate(`[spawn(fun() -> erpc:call(${there}, orders, sleep, [4000]) end) || _ <- lists:seq(1, 50)], ok`)
  await waitFor(() => rpc.stats().callsIn === 50)
  await erl.kill()
  await waitFor(() => node.stats().monitors === 0)
  await isQuiet(node, rpc)
})

test('spawns from OTP end as the protocol says: with reply, link and monitor', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { erl, node, rpc, there } = await start(t)
  assert.equal(
    await erl.evaluate(
      `{P1, M1} = spawn_monitor(${there}, orders, add, [1, 2]), receive {'DOWN', M1, process, P1, R1} -> R1 end`,
    ),
    'normal',
  )
  assert.match(
    await erl.evaluate(
      `{P2, M2} = spawn_monitor(${there}, orders, fail, []), receive {'DOWN', M2, process, P2, R2} -> R2 end`,
    ),
    /^\{\{javascript,<<"RangeError">>,<<"too many">>\},\[\{orders,fail,0,\[\]\}\]\}$/,
  )
  assert.equal(
    await erl.evaluate(
      `{P3, M3} = spawn_monitor(${there}, fun() -> ok end), receive {'DOWN', M3, process, P3, {R3, [{M, F, _, _}]}} -> {R3, M, F} end`,
    ),
    '{undef,erlang,apply}',
  )
  assert.equal(
    await erl.evaluate(
      `process_flag(trap_exit, true), P4 = spawn_link(${there}, orders, exit, [why]), receive {'EXIT', P4, R4} -> R4 end`,
    ),
    'why',
  )
  assert.equal(
    await erl.evaluate(
      `P5 = spawn_opt(${there}, orders, exit, [why], [link, {priority, high}]), receive {'EXIT', P5, R5} -> R5 end`,
    ),
    'why',
  )
  assert.match(await outcome(erl, `spawn_opt(${there}, orders, exit, [why], [nonsense])`), /badarg/)
  // What is to come is waited for, and silence is listened to for a while.
  const request = (options: string, expected: readonly string[]) =>
    erl.evaluate(
      `(fun() -> Q = spawn_request(${there}, orders, throw, [ball], ${options}), [receive {spawn_reply, Q, ok, P} when is_pid(P) -> started; {spawn_reply, Q, error, E} -> E; {'DOWN', Q, process, _, R} -> R; {tagged, Q, process, _, R} -> {tagged, R}; {reply, Q, ok, _} -> tagged_reply after Wait -> silence end || Wait <- [${expected.map((each) => (each === 'silence' ? 300 : 60_000))}]] end)()`,
    )
  const nocatch = '{{nocatch,ball},[]}'
  for (const [options, expected] of [
    ['[monitor]', ['started', nocatch]],
    ['[monitor, {reply, error_only}]', [nocatch, 'silence']],
    ['[{monitor, [{tag, tagged}]}, {reply_tag, reply}]', ['tagged_reply', `{tagged,${nocatch}}`]],
    ['[{reply, no}]', ['silence', 'silence']],
    ['[nonsense]', ['badopt', 'silence']],
  ] as const) {
    assert.equal(await request(options, expected), `[${expected.join()}]`)
  }
  assert.equal(
    await erl.evaluate(
      `spawn_request(${there}, orders, add, [1, 1], [{reply, yes}, {monitor, [{alias, reply_demonitor}]}]), receive {spawn_reply, _, ok, _} -> ok end, receive {'DOWN', _, process, _, R6} -> R6 end`,
    ),
    'normal',
  )
  await isQuiet(node, rpc)
})

test('malformed calls are answered as OTP answers them', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { world, erl, node, rpc, there } = await start(t)
  const otp = `'${(await world.erl()).name}'`
  const ends = (target: string, module: string, name: string, args: string) =>
    erl.evaluate(
      `(fun() -> Q = spawn_request(${target}, ${module}, ${name}, ${args}, [monitor, {reply, error_only}]), receive {spawn_reply, Q, error, E} -> E; {'DOWN', Q, process, _, R} -> R end end)()`,
    )
  // Where the code of OTP shows in the stack there is less of it here.
  const withoutStack = (text: string) => text.replace(/,\[\{.*$/, '')
  for (const args of ['[ref, 1, f, []]', '[ref, m, "f", []]', '[ref, m, f, nolist]', '[ref, m, f, [a | b]]']) {
    const [ours, theirs] = await Promise.all([there, otp].map((target) => ends(target, 'erpc', 'execute_call', args)))
    assert.equal(withoutStack(ours as string), withoutStack(theirs as string), args)
    assert.match(ours as string, /^\{ref,error,badarg,\[\{erlang,apply,/)
  }
  for (const args of ['[]', '[ref, m, f, [], more]']) {
    assert.match(await ends(there, 'erpc', 'execute_call', args), /^\{undef,/)
  }
  assert.equal(await outcome(erl, `erpc:call(${there}, true, nil, [])`), '{error,{exception,undef,[{true,nil,[],[]}]}}')
  assert.equal(await outcome(erl, `erpc:call(${there}, orders, later, ["text"])`), '{value,"text"}')
  assert.equal(node.stats().disconnected, 0)
  await isQuiet(node, rpc)
})

test('more calls than callsInMax are refused with system_limit', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { erl, node, rpc, there } = await start(t)
  const results = await erl.evaluate(
    `Requests = [erpc:send_request(${there}, orders, sleep, [4000]) || _ <- lists:seq(1, 150)],
    Ends = [try erpc:receive_response(Q) catch C:R -> {C, R} end || Q <- Requests],
    {length([E || E <- Ends, E =:= <<"slept">>]), lists:usort([E || E <- Ends, E =/= <<"slept">>])}`,
  )
  assert.equal(results, '{100,[{error,{erpc,system_limit}}]}')
  await isQuiet(node, rpc)
})

test('many large results at once do not break the connection', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const world = await World.start(t)
  const erl = await world.erl()
  const { modules } = orders()
  const { node, rpc } = await world.tiebeam(
    { expose: modules },
    { outputBytesMax: 1024 * 1024, messageBytesMax: 4 * 1024 * 1024 },
  )
  const there = `'${node.name}'`
  // Far more than a node would let wait for a peer: 1 + 4 + 64 MiB.
  const sizes = await erl.evaluate(
    `Requests = [erpc:send_request(${there}, orders, text, [3000000]) || _ <- lists:seq(1, 60)],
    lists:usort([byte_size(erpc:receive_response(Q)) || Q <- Requests])`,
  )
  assert.equal(sizes, '[3000000]')
  assert.match(
    await outcome(erl, `erpc:call(${there}, orders, text, [5000000])`),
    /^\{error,\{exception,\{javascript,<<"DistributionError">>,<<.*messageBytesMax.*>>\},\[\{orders,text,1,\[\]\}\]\}\}$/,
  )
  assert.equal(node.stats().disconnected, 0)
  await isQuiet(node, rpc)
})

test('Elixir calls a Tiebeam node by :erpc and :rpc, and cannot spawn what it likes', async (t) => {
  if (!requirePeer(t, 'elixir', 'epmd', 'loopback')) return
  const world = await World.start(t)
  const elixir = await world.elixir()
  const { node, rpc } = await world.tiebeam({ expose: orders().modules })
  const there = `:"${node.name}"`
  const evaluate = (source: string) => elixir.evaluateElixir(source)
  assert.equal(await evaluate(`:erpc.call(${there}, Orders, :total, [7])`), '%{"id" => 7}')
  assert.equal(await evaluate(`:rpc.call(${there}, Orders, :total, [7])`), '%{"id" => 7}')
  assert.equal(await evaluate(`:rpc.multicall([${there}], Orders, :total, [7])`), '{[%{"id" => 7}], []}')
  assert.equal(
    await evaluate(
      `try do :erpc.call(${there}, Orders, :missing, []) rescue error in ErlangError -> error.original end`,
    ),
    '{:exception, :undef, [{Orders, :missing, [], []}]}',
  )
  assert.equal(
    await evaluate(
      `catch_exit = try do :erpc.call(${there}, :orders, :exit, [:why]) catch :exit, reason -> reason end`,
    ),
    '{:exception, :why}',
  )
  const spawned = `(fn -> ref = Process.monitor(Node.spawn(${there}, fn -> File.cwd!() end)); receive do {:DOWN, ^ref, _, _, reason} -> reason end end).()`
  assert.match(await evaluate(spawned), /^(:noproc|\{:undef, \[\{:erlang, :apply, )/)
  assert.match(
    await evaluate(
      `(fn -> Process.flag(:trap_exit, true); pid = Node.spawn_link(${there}, System, :halt, [0]); receive do {:EXIT, ^pid, reason} -> reason end end).()`,
    ),
    /^\{:undef, \[\{System, :halt, \[0\], \[\]\}\]\}$/,
  )
  assert.equal(node.stats().disconnected, 0)
  await isQuiet(node, rpc)
})

test('stop takes no more calls and waits for those that run', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd', 'loopback')) return
  const { erl, rpc, there, contexts } = await start(t)
  await erl.evaluate(`Hanging = erpc:send_request(${there}, orders, forever, []), ok`)
  await erl.evaluate(`Running = erpc:send_request(${there}, orders, sleep, [2000]), ok`)
  await waitFor(() => rpc.stats().callsIn === 2)
  const stopped = rpc.stop({ timeoutMs: 5_000 })
  assert.equal(await outcome(erl, `erpc:call(${there}, orders, add, [1, 1])`), '{error,{erpc,notsup}}')
  assert.equal(await erl.evaluate('erpc:receive_response(Running)'), '<<"slept">>')
  assert.equal(await outcome(erl, 'erpc:receive_response(Hanging)'), '{exit,{signal,shutdown}}')
  await stopped
  assert.ok(contexts[0]?.signal.aborted)
})

test('what cannot be exposed is refused at once, and nothing of it is exposed', async (t) => {
  const world = await World.start(t)
  const { rpc, node } = await world.tiebeam({ expose: { a: { one: () => 1 } } })
  const invalid = { code: 'OPTION_INVALID' }
  assert.throws(() => rpc.expose({ b: { one: () => 1 }, a: { two: () => 2 } }), invalid)
  assert.throws(() => rpc.expose({ b: { one: 1 as never } }), invalid)
  assert.throws(() => rpc.expose({ b: null as never }), invalid)
  assert.throws(() => rpc.expose({ '': {} }), invalid)
  await assert.rejects(rpc.call(node.name, 'b', 'one'), { code: 'RPC_UNDEF' })
  assert.equal(await rpc.call(node.name, 'a', 'one'), 1)
})

async function isQuiet(node: { stats(): { monitors: number; processes: number } }, rpc: Rpc): Promise<void> {
  const figures = () => ({
    monitors: node.stats().monitors,
    processes: node.stats().processes,
    callsIn: rpc.stats().callsIn,
  })
  // net_kernel, rex, the group leader, the node itself, and the process that makes calls.
  const quiet = { monitors: 0, processes: 5, callsIn: 0 }
  const same = () => JSON.stringify(figures()) === JSON.stringify(quiet)
  await waitFor(same, { what: 'nothing left of the calls' }).catch(() => assert.deepEqual(figures(), quiet))
}

test('a node that leaves lets functions finish that run for others, and refuses further calls', async (t) => {
  if (!requirePeer(t, 'epmd')) return
  const world = await World.start(t)
  let release = (): void => {}
  const slow = () =>
    new Promise<string>((resolve) => {
      release = () => resolve('finished')
    })
  const { node, rpc } = await world.tiebeam({ expose: { app: { slow } } })
  const { rpc: other } = await world.tiebeam()
  const answer = other.call(node.name, 'app', 'slow')
  await waitFor(() => rpc.stats().callsIn === 1)
  const drained = node.drain.begin()
  await assert.rejects(other.call(node.name, 'app', 'slow'), { code: 'RPC_NOTSUP' })
  release()
  assert.equal(await answer, 'finished')
  await drained
  await rpc.stop()
})
