/** Servers among themselves, on one node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, type Down, Exit, ExitReason, genCall, type Node, Pid, type Tuple, tuple } from '@tiebeam/distribution'
import { type Scope, waitFor } from '@tiebeam/testing'
import { CallError, call, cast, GenServer, type Later, StartError, serverRef, stopServer } from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { type Lent, startAlone, startProcess } from '../start.ts'
import { Counter } from './counter.ts'

const javascriptError = (name: string, message: string) => tuple(tuple(atom('javascript'), name, message), [])

function callError(code: string, reason?: unknown) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof CallError && error.code === code, String(error))
    if (reason !== undefined) assert.deepEqual(error.reason, reason)
    return true
  }
}

/** Tells what its callbacks were told. */
class Teller extends GenServer {
  #tell: (...words: unknown[]) => void = () => {}

  override readonly calls = {
    leave: (reason: string) => {
      this.stop(tuple(atom('shutdown'), reason))
      return 'bye'
    },
    fail: () => {
      throw new Error('failed')
    },
    wait: async (ms: number) => {
      await sleep(ms)
    },
    idle: (ms: number) => this.idle(ms),
  }

  override async init(tell: (...words: unknown[]) => void, init: { trap?: boolean; fail?: boolean } = {}) {
    this.#tell = tell
    this.self.trapExit = init.trap ?? false
    await sleep(1)
    if (init.fail === true) throw new RangeError('no room')
    this.continueWith(() => tell('continued'))
  }

  override handleCall(request: unknown, from: unknown) {
    this.#tell('call', request)
    return request === 'mine' ? 'raw reply' : super.handleCall(request, from as never)
  }

  override handleCast(request: unknown) {
    this.#tell('cast', request)
  }

  override handleInfo(message: unknown) {
    this.#tell('info', message)
  }

  override handleTimeout() {
    this.#tell('timeout')
  }

  override terminate(reason: unknown, error?: unknown) {
    this.#tell('terminate', reason, error)
  }
}

async function startTeller(t: Scope, init: { trap?: boolean } = {}, logger = new RecordingLogger()) {
  const node = await startAlone(t, { logger })
  const told: unknown[][] = []
  const parent = await startProcess(node, { trapExit: true })
  const teller = await Teller.startLink(parent.self, { args: [(...words) => told.push(words), init], name: 'teller' })
  const ended = async () => {
    const exit = await parent.self.receive({ match: (m: unknown) => m instanceof Exit && m, timeoutMs: 60_000 })
    return (exit as Exit).reason
  }
  return { node, told, parent, teller, ended, logger }
}

test('calls and casts are handled in the order in which they were sent, one at a time', async (t) => {
  const node = await startAlone(t)
  const counter = await Counter.start(node, { args: [10], name: 'counter' })
  const calls = [counter.call('slowly', 1), counter.call('add', 2)]
  counter.cast('set', 100)
  calls.push(counter.call('slowly', 3), counter.call('get'))
  assert.deepEqual(await Promise.all(calls), [11, 13, 103, 103])
  counter.cast('reset')
  assert.equal(await serverRef<Counter>(node, 'counter').call('get'), 0)
  assert.equal(await serverRef<Counter>(node, { name: 'counter', node: node.name }).call('get'), 0)
})

test('a reply may come later, and others are served meanwhile', async (t) => {
  const node = await startAlone(t)
  const counter = await Counter.start(node)
  const waiting = [counter.call('positive'), counter.call('positive')]
  assert.equal(await counter.call('get'), 0)
  counter.cast('set', 7)
  assert.deepEqual(await Promise.all(waiting), [7, 7])
  await assert.rejects(counter.with({ timeoutMs: 5 }).call('silence'), callError('TIMEOUT'))
})

test('a handler that throws ends the server: the caller, links and monitors see why', async (t) => {
  const { node, told, teller, ended, logger } = await startTeller(t)
  const watcher = await startProcess(node)
  watcher.self.monitor('teller')
  const reason = javascriptError('Error', 'failed')
  await assert.rejects(teller.call('fail'), callError('SERVER_EXITED', reason))
  assert.deepEqual(await ended(), reason)
  assert.deepEqual(((await watcher.self.receive()) as Down).reason, reason)
  const [name, why, error] = told.at(-1) ?? []
  assert.deepEqual([name, why, (error as Error).message], ['terminate', reason, 'failed'])
  assert.equal(logger.complaints('a process ended with an error').length, 1)
  await assert.rejects(teller.call('fail'), callError('NOPROC'))
  const counter = await Counter.start(node)
  await assert.rejects(counter.call('exit'), callError('SERVER_EXITED', tuple(atom('gave'), atom('up'))))
  const other = await Counter.start(node)
  other.cast('fail')
  await assert.rejects(other.call('silence'), callError('SERVER_EXITED', javascriptError('Error', 'a cast failed')))
})

test('a server stops itself after its reply, with terminate in between', async (t) => {
  const { node, told, teller, ended } = await startTeller(t)
  const reply = teller.call('leave', 'done').then((words) => told.push(['reply', words]))
  assert.deepEqual(await ended(), tuple(atom('shutdown'), 'done'))
  await reply
  assert.deepEqual(told, [['continued'], ['terminate', tuple(atom('shutdown'), 'done'), undefined], ['reply', 'bye']])
  const counter = await Counter.start(node)
  await assert.rejects(counter.call('leave'), callError('SERVER_EXITED', atom('normal')))
})

test('stopping waits for the end, and says when it was another than asked for', async (t) => {
  const { node, told, teller, ended, logger } = await startTeller(t)
  await teller.stop({ reason: tuple(atom('no'), 'paper') })
  assert.deepEqual(await ended(), tuple(atom('no'), 'paper'))
  assert.deepEqual(told.at(-1), ['terminate', tuple(atom('no'), 'paper'), undefined])
  assert.equal(logger.complaints('Teller stopped').length, 1)
  await assert.rejects(teller.stop(), callError('NOPROC'))
  await assert.rejects(stopServer(node, 'nobody'), callError('NOPROC'))
  await assert.rejects(stopServer(node, { name: 'a', node: 'nobody@127.0.0.1' }), callError('NODEDOWN'))
  const deaf = await startProcess(node)
  await assert.rejects(stopServer(node, deaf.self.pid, { timeoutMs: 5 }), callError('TIMEOUT'))
  const stopping = stopServer(node, deaf.self.pid, { reason: atom('shutdown') })
  await waitFor(() => deaf.self.mailboxLength === 2)
  deaf.end()
  await assert.rejects(stopping, callError('SERVER_EXITED', atom('normal')))
  const counter = await Counter.start(node)
  await counter.stop()
  assert.equal(counter.pid !== undefined && node.isAlive(counter.pid), false)
})

test('terminate runs on the order of the parent when exits are trapped, and does not otherwise', async (t) => {
  for (const trap of [true, false]) {
    const { told, teller, parent, ended } = await startTeller(t, { trap })
    await waitFor(() => told.length === 1)
    parent.self.exit(teller.pid as never, atom('shutdown'))
    assert.equal(await ended(), atom('shutdown'))
    assert.deepEqual(told.slice(1), trap ? [['terminate', atom('shutdown'), undefined]] : [])
  }
})

test('an exit of anybody else is a message to a server that traps exits', async (t) => {
  const { node, told, teller } = await startTeller(t, { trap: true })
  const other = await startProcess(node)
  other.self.link(teller.pid as never)
  other.end()
  await waitFor(() => told.length === 2)
  const [, exit] = told[1] as [string, Exit]
  assert.ok(exit.from.equals(other.self.pid))
  assert.ok(node.isAlive(teller.pid as never))
})

test('a server that is killed in the middle of a handler does not go on', async (t) => {
  const { node, told, teller, ended } = await startTeller(t)
  const waiting = teller.call('wait', 300)
  await waitFor(() => told.length === 1)
  await sleep(2)
  node.exit(teller.pid as never, atom('kill'))
  await assert.rejects(waiting, callError('SERVER_EXITED', atom('killed')))
  assert.equal(await ended(), atom('killed'))
  await sleep(400)
  assert.deepEqual(told, [['continued']])
})

test('what terminate throws is the reason of the end', async (t) => {
  class Clumsy extends GenServer {
    override readonly calls = { fail: () => assert.fail('first') }
    override terminate() {
      throw new ExitReason(atom('fell'))
    }
  }
  const node = await startAlone(t)
  const clumsy = await Clumsy.start(node)
  await assert.rejects(clumsy.call('fail'), callError('SERVER_EXITED', atom('fell')))
})

test('start waits for init; when that throws, the start fails with it, and the name is free', async (t) => {
  const node = await startAlone(t)
  const parent = await startProcess(node, { trapExit: true })
  const init = { args: [() => {}, { fail: true }], name: 'teller' } as const
  const failed = async (start: () => Promise<unknown>) => {
    await assert.rejects(start(), (error: unknown) => {
      assert.ok(error instanceof StartError && error.code === 'START_FAILED')
      assert.ok(error.cause instanceof RangeError && error.cause.message === 'no room')
      assert.match(error.message, /Teller could not be started: no room/)
      assert.deepEqual(error.reason, javascriptError('RangeError', 'no room'))
      assert.equal(node.whereis('teller'), undefined)
      return true
    })
  }
  await failed(() => Teller.start(node, { ...init, args: [...init.args] }))
  await failed(() => Teller.startLink(parent.self, { ...init, args: [...init.args] }))
  assert.ok((await parent.self.receive()) instanceof Exit)
  await failed(() => Teller.child({ ...init, args: [...init.args] }).start(parent.self))
  await Counter.start(node, { name: 'counter' })
  await assert.rejects(Counter.start(node, { name: 'counter' }), { code: 'NAME_TAKEN' })
})

test('a server that is not initialised in time is ended, and one that is ended meanwhile has not started', async (t) => {
  class Slow extends GenServer {
    override async init() {
      await sleep(60_000, undefined, { signal: this.self.signal })
    }
  }
  const node = await startAlone(t)
  const { self } = await startProcess(node)
  await assert.rejects(Slow.startLink(self, { name: 'slow', timeoutMs: 5 }), { code: 'START_TIMEOUT' })
  assert.equal(node.whereis('slow'), undefined)
  const starting = Slow.start(node, { name: 'slow' })
  await sleep(1)
  node.exit(node.whereis('slow') as never, atom('kill'))
  await assert.rejects(starting, { code: 'START_FAILED', reason: atom('killed') })
})

test('a child of a supervisor has an id, and what else its spec says', async (t) => {
  const node = await startAlone(t)
  const { self } = await startProcess(node, { trapExit: true })
  const spec = Counter.child({ args: [3], name: 'three', restart: 'transient', shutdownMs: 'brutalKill' })
  assert.deepEqual([spec.id, spec.restart, spec.shutdownMs], ['three', 'transient', 'brutalKill'])
  assert.deepEqual(Object.keys(Counter.child()), ['id', 'start'])
  assert.equal(Counter.child().id, 'Counter')
  assert.equal(Counter.child({ id: 'mine', name: 'other' }).id, 'mine')
  const pid = await spec.start(self)
  assert.equal(await serverRef<Counter>(node, pid).call('get'), 3)
  node.exit(pid, atom('broken'))
  assert.equal(((await self.receive()) as Exit).reason, atom('broken'))
})

test('requests of any shape come to the raw handlers; what those pass on is refused', async (t) => {
  const { node, told, logger } = await startTeller(t)
  assert.equal(await call(node, 'teller', 'mine'), 'raw reply')
  assert.deepEqual(await call(node, 'teller', { any: 'term' }), unknownCall({ any: 'term' }))
  cast(node, 'teller', { any: 'cast' })
  node.send('teller', 'info')
  await waitFor(() => told.length === 5)
  assert.deepEqual(told, [
    ['continued'],
    ['call', 'mine'],
    ['call', { any: 'term' }],
    ['cast', { any: 'cast' }],
    ['info', 'info'],
  ])
  assert.equal(logger.complaints('a call that nothing handles').length, 1)
})

const unknownCall = (request: unknown) => tuple(atom('error'), tuple(atom('unknown_call'), request))

test('what a server does not know is refused or dropped, logged once, and does it no harm', async (t) => {
  const logger = new RecordingLogger()
  const node = await startAlone(t, { logger })
  const counter = await Counter.start(node, { name: 'counter' })
  const nobody = tuple(atom('$gen_call'), tuple('nobody', 'tag'), atom('get'))
  for (let round = 0; round < 3; round++) {
    for (const request of [
      atom('no_such_call'),
      atom('reset'),
      tuple(),
      tuple(atom('add')),
      tuple('add', 1),
      atom('constructor'),
      tuple(atom('__proto__'), 1),
      'get',
    ]) {
      assert.deepEqual(await call(node, 'counter', request), unknownCall(request))
      cast(node, 'counter', request === atom('reset') ? atom('get') : request)
    }
    for (const message of [nobody, tuple(atom('$gen_cast')), tuple(atom('system'), 1, 2), undefined, 'info']) {
      counter.send(message)
    }
  }
  const newer = serverRef<Counter & { calls: { multiply: (by: number) => number }; casts: object }>(node, 'counter')
  await assert.rejects(newer.call('multiply', 2), callError('UNKNOWN_CALL'))
  assert.equal(await counter.call('add', 1), 1)
  for (const kind of ['call', 'cast', 'message']) assert.equal(logger.complaints(`a ${kind} that nothing`).length, 1)
})

test('a reply that cannot be delivered is logged once, and does the server no harm', async (t) => {
  const logger = new RecordingLogger()
  const node = await startAlone(t, { logger })
  const counter = await Counter.start(node)
  const { self } = await startProcess(node)
  const alias = self.alias()
  self.unalias(alias)
  for (let round = 0; round < 3; round++) {
    counter.send(tuple(atom('$gen_call'), tuple(new Pid('no node name', 1, 2, 3), 'tag'), atom('get')))
    counter.send(tuple(atom('$gen_call'), tuple(new Pid(node.name, 1, 2, 3), 'tag'), atom('get')))
    counter.send(genCall(self.pid, alias, atom('get')))
  }
  assert.equal(await counter.call('get'), 0)
  assert.equal(logger.complaints('a reply could not be sent').length, 1)
})

test('an idle server is told so, unless a message comes first', async (t) => {
  const { node, told, teller } = await startTeller(t)
  await teller.call('idle', 5)
  await waitFor(() => told.length === 2)
  assert.deepEqual(told, [['continued'], ['timeout']])
  await teller.call('idle', 200)
  node.send('teller', 'first')
  await sleep(300)
  assert.deepEqual(told.slice(2), [['info', 'first']])
})

test('steps that follow init and handlers come before the next message', async (t) => {
  class Steps extends GenServer {
    readonly #seen: string[] = []
    override readonly calls = {
      seen: () => [...this.#seen],
      more: () => {
        this.continueWith(async () => {
          await sleep(1)
          this.#seen.push('after the call')
        })
      },
    }
    override init(name: string) {
      this.#seen.push(name)
      this.continueWith(async () => {
        await sleep(1)
        this.#seen.push('first')
        this.continueWith(() => this.#seen.push('third'))
      })
      this.continueWith(() => this.#seen.push('second'))
    }
  }
  const node = await startAlone(t)
  const steps = await Steps.start(node, { args: ['init'] })
  const calls = [steps.call('seen'), steps.call('more'), steps.call('seen')]
  assert.deepEqual(await Promise.all(calls), [
    ['init', 'first', 'second', 'third'],
    undefined,
    ['init', 'first', 'second', 'third', 'after the call'],
  ])
})

test('a callback outside of any handler has its steps done between handlers, can stop the server, and is safe after its end', async (t) => {
  class Clock extends GenServer {
    readonly seen: string[] = []
    answer: (() => void) | undefined
    override readonly calls = {
      slow: async () => {
        this.seen.push('slow begins')
        await sleep(20)
        this.seen.push('slow ends')
      },
      seen: () => [...this.seen],
      wait: () =>
        this.later<string>((from) => {
          this.answer = () => this.reply(from, 'too late')
        }),
    }
    override init(outside: (clock: Outside) => void) {
      outside({
        step: () => this.continueWith(() => this.seen.push('step')),
        stop: () => this.stop(atom('shutdown')),
        reply: () => this.answer?.(),
      })
    }
  }
  interface Outside {
    step(): void
    stop(): void
    reply(): void
  }
  const node = await startAlone(t)
  let outside: Outside | undefined
  const clock = await Clock.start(node, {
    args: [
      (given) => {
        outside = given
      },
    ],
  })
  await sleep(5)
  outside?.step()
  const slow = clock.call('slow')
  await sleep(5)
  outside?.step()
  await slow
  assert.deepEqual(await clock.call('seen'), ['step', 'slow begins', 'slow ends', 'step'])
  const waiting = clock.call('wait')
  await sleep(5)
  outside?.stop()
  await assert.rejects(waiting, callError('SERVER_EXITED', atom('shutdown')))
  outside?.reply()
  outside?.step()
  outside?.stop()
})

test('system messages do not keep an idle server from being told so', async (t) => {
  const { node, told, teller } = await startTeller(t)
  await teller.call('idle', 20)
  for (let round = 0; round < 3; round++) {
    await call(node, 'teller', atom('get_state'), {}, atom('system'))
    await sleep(1)
  }
  await waitFor(() => told.some(([word]) => word === 'timeout'))
})

test('a server that calls itself is told so, when it says that it is the caller', async (t) => {
  class Selfish extends GenServer {
    override readonly calls = {
      ask: async () => {
        const me = serverRef<Selfish>(this.self, this.self.pid)
        return (me.call as (name: string) => Promise<unknown>)('ask').catch((error: CallError) => error.code)
      },
    }
  }
  const node = await startAlone(t)
  const selfish = await Selfish.start(node)
  assert.equal(await selfish.call('ask'), 'CALLING_SELF')
})

test('later outside of a call, and a process outside of a server, are bugs that are named', async (t) => {
  class Early extends GenServer {
    override readonly casts = { late: (): Later<number> => this.later(() => {}) }
    get mine() {
      return this.self
    }
  }
  assert.throws(() => new Early().mine, /started with `start`/)
  const node = await startAlone(t)
  const early = await Early.start(node)
  const { self } = await startProcess(node)
  self.monitor(early.pid as never)
  early.cast('late')
  assert.match(String(((await self.receive()) as Down).reason), /AssertionError.*only a call can be replied to/)
})

test('a server answers sys: state, status, suspend, resume, terminate; and refuses the rest', async (t) => {
  const node = await startAlone(t)
  const counter = await Counter.start(node, { args: [5] })
  const ask = (request: unknown) => call(node, counter.name, request, {}, atom('system'))
  assert.deepEqual(await ask(atom('get_state')), { total: 5 })
  assert.equal(((await ask(atom('get_status'))) as Tuple).at(0), atom('status'))
  assert.equal(await ask(atom('suspend')), atom('ok'))
  assert.equal(await ask(atom('suspend')), atom('ok'))
  const waiting = counter.call('get')
  assert.deepEqual(await ask(atom('get_state')), { total: 5 })
  await assert.rejects(counter.with({ timeoutMs: 5 }).call('get'), callError('TIMEOUT'))
  assert.equal(await ask(atom('resume')), atom('ok'))
  assert.equal(await waiting, 5)
  assert.deepEqual(await ask('nonsense'), tuple(atom('error'), tuple(atom('unknown_system_msg'), 'nonsense')))
  await ask(atom('suspend'))
  const { self } = await startProcess(node)
  self.monitor(counter.pid as never)
  assert.equal(await ask(tuple(atom('terminate'), atom('shutdown'))), atom('ok'))
  assert.equal(((await self.receive()) as Down).reason, atom('shutdown'))
})

test('a suspended server ends on the order of its parent', async (t) => {
  const { node, teller, told, parent, ended } = await startTeller(t, { trap: true })
  assert.equal(await call(node, 'teller', atom('suspend'), {}, atom('system')), atom('ok'))
  parent.self.exit(teller.pid as never, atom('shutdown'))
  assert.equal(await ended(), atom('shutdown'))
  assert.equal(told.at(-1)?.[0], 'terminate')
})

test('a thousand callers at once get each their own reply', async (t) => {
  const node: Node = await startAlone(t)
  const counter = await Counter.start(node)
  const lent: Lent[] = await Promise.all([...Array(10)].map(() => startProcess(node)))
  const calls = [...Array(1000).keys()].map((number) => {
    const caller = lent[number % 20]?.self ?? node
    return counter.with({ caller }).call('whole', String(number), [number], { deep: false })
  })
  assert.deepEqual(
    (await Promise.all(calls)).map(([text]) => Number(text)),
    [...Array(1000).keys()],
  )
  assert.equal(node.stats().monitors, 0)
})
