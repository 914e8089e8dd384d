import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, type Down, type Exit, ExitReason, type Node, type Pid, type Process, tuple } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import {
  type ChildSpec,
  ChildStartError,
  DynamicSupervisor,
  OtpError,
  Supervisor,
  taskChild,
  workerChild,
} from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startAlone, startProcess } from '../start.ts'

const SHUTDOWN = atom('shutdown')
const KILL = atom('kill')

/** Children that tell when they start and end. */
class Diary {
  readonly lines: string[] = []

  child(id: string, init: Partial<ChildSpec> = {}): ChildSpec {
    const run = async (self: Process): Promise<void> => {
      this.lines.push(`${id} starts`)
      try {
        await self.receive()
      } finally {
        this.lines.push(`${id} ends`)
      }
    }
    return { ...workerChild({ id, run, name: id }), ...init }
  }

  take(): string[] {
    return this.lines.splice(0)
  }
}

function failing(id: string, error: unknown): ChildSpec {
  return { id, start: () => Promise.reject(error) }
}

function stubborn(id: string, shutdownMs: number): ChildSpec {
  return workerChild({ id, shutdownMs, run: () => new Promise(() => {}) })
}

function hasCode(code: string) {
  return (error: unknown): boolean => error instanceof OtpError && error.code === code
}

function pidOf(node: Node, name: string): Pid {
  const pid = node.whereis(name)
  assert.ok(pid, `${name} is registered`)
  return pid
}

/** Watches from now on. */
function endOf(node: Node, pid: Pid): Promise<unknown> {
  return new Promise((resolve) => {
    node.setMaxListeners(20)
    const onDown = (down: Down): void => {
      if (!pid.equals(down.target)) return
      node.off('down', onDown)
      resolve(down.reason)
    }
    node.on('down', onDown)
    node.monitor(pid)
  })
}

test('children start in order and end in reverse order', async (t) => {
  const node = await startAlone(t)
  const diary = new Diary()
  const tree = await Supervisor.start(node, { name: 'tree', children: ['a', 'b', 'c'].map((id) => diary.child(id)) })
  assert.deepEqual(diary.take(), ['a starts', 'b starts', 'c starts'])
  assert.ok(tree.pid?.equals(pidOf(node, 'tree')))
  const ended = endOf(node, tree.pid as Pid)
  await tree.stop()
  assert.deepEqual(diary.take(), ['c ends', 'b ends', 'a ends'])
  assert.equal(await ended, SHUTDOWN)
  await tree.stop()
  await assert.rejects(tree.whichChildren(), hasCode('SUPERVISOR_STOPPED'))
  await assert.rejects(Supervisor.at(node, 'tree').countChildren(), hasCode('SUPERVISOR_STOPPED'))
})

test('a child that cannot start fails its supervisor and those above, with the cause intact', async (t) => {
  const logger = new RecordingLogger()
  const node = await startAlone(t, { logger })
  const diary = new Diary()
  const cause = new Error('connect ECONNREFUSED')
  const nested = Supervisor.child({ id: 'storage', children: [diary.child('cache'), failing('db', cause)] })
  const { self, end } = await startProcess(node, { trapExit: true })
  const start = Supervisor.start(self, { children: [diary.child('first'), nested, diary.child('never')] })
  await assert.rejects(start, (error) => {
    assert.ok(error instanceof ChildStartError)
    assert.equal(error.code, 'CHILD_START_FAILED')
    assert.equal(error.childId, 'storage')
    assert.equal(error.message, 'The child storage did not start: The child db did not start: connect ECONNREFUSED')
    const inner = error.cause
    assert.ok(inner instanceof ChildStartError)
    assert.equal(inner.childId, 'db')
    assert.equal(inner.cause, cause)
    return true
  })
  assert.deepEqual(diary.take(), ['first starts', 'cache starts', 'cache ends', 'first ends'])
  const failed = (id: string, reason: unknown) => tuple(SHUTDOWN, tuple(atom('failed_to_start_child'), id, reason))
  const reason = tuple(tuple(atom('javascript'), 'Error', 'connect ECONNREFUSED'), [])
  assert.deepEqual(((await self.receive()) as Exit).reason, failed('storage', failed('db', reason)))
  assert.deepEqual(logger.complaints(), [], 'whoever asked for the start is told, and nobody else')
  end()
})

test('a child that does not end in time is killed, and the next one has its own time', async (t) => {
  const node = await startAlone(t)
  const diary = new Diary()
  const tree = await Supervisor.start(node, {
    children: [diary.child('a'), stubborn('b', 20), stubborn('c', 20), stubborn('d', 0)],
  })
  const children = await tree.whichChildren()
  const reasons = children.map(({ pid }) => endOf(node, pid as Pid))
  await tree.stop()
  assert.deepEqual(await Promise.all(reasons), [SHUTDOWN, ...Array(3).fill(atom('killed'))])
})

test('past its timeout a stop kills what is left', async (t) => {
  const node = await startAlone(t)
  for (const start of [
    () => Supervisor.start(node, { children: [stubborn('a', 60_000), stubborn('b', 60_000)] }),
    async () => {
      const dynamic = await DynamicSupervisor.start(node)
      await dynamic.startChild(stubborn('a', 60_000))
      return dynamic
    },
  ]) {
    const tree = await start()
    const pid = (await tree.whichChildren())[0]?.pid as Pid
    await tree.stop({ timeoutMs: 10 })
    assert.equal(node.isAlive(pid), false)
  }
})

test('a stop does not wait for a start that hangs, and nothing more is started', async (t) => {
  const node = await startAlone(t)
  const diary = new Diary()
  const aborted: string[] = []
  const hanging = (id: string, shutdownMs: number, heed: boolean): ChildSpec => ({
    id,
    shutdownMs,
    start: (_parent, context) =>
      new Promise((_, reject) => {
        diary.lines.push(`${id} starts`)
        context?.signal.addEventListener('abort', () => {
          aborted.push(id)
          if (heed) reject(context.signal.reason)
        })
      }),
  })
  for (const [shutdownMs, heed] of [
    [60_000, true],
    [10, false],
  ] as const) {
    const nested = Supervisor.child({
      id: 'nested',
      children: [hanging('slow', shutdownMs, heed), diary.child('never')],
    })
    const start = Supervisor.start(node, { name: 'tree', children: [diary.child('a'), nested] })
    await waitFor(() => diary.lines.includes('slow starts'))
    await Promise.all([Supervisor.at(node, 'tree').stop(), assert.rejects(start, hasCode('SUPERVISOR_STOPPED'))])
    assert.deepEqual(diary.take(), ['a starts', 'slow starts', 'a ends'])
    assert.deepEqual(aborted.splice(0), ['slow'])
  }
})

test('a child that starts after its supervisor has given up on it is ended', async (t) => {
  const node = await startAlone(t)
  const pids: Pid[] = []
  const late: ChildSpec = {
    id: 'late',
    shutdownMs: 10,
    start: async (parent) => {
      const pid = parent.spawnLink(() => new Promise(() => {}), { trapExit: true })
      pids.push(pid)
      await sleep(40)
      return pid
    },
  }
  const start = Supervisor.start(node, { name: 'tree', children: [stubborn('before', 100), late] })
  await waitFor(() => pids.length === 1)
  await Promise.all([Supervisor.at(node, 'tree').stop(), assert.rejects(start, hasCode('SUPERVISOR_STOPPED'))])
  await waitFor(() => !node.isAlive(pids[0] as Pid))
})

test('a supervisor that is killed before it has begun, or while it starts, is not started', async (t) => {
  const node = await startAlone(t)
  const diary = new Diary()
  const hanging: ChildSpec = { id: 'hanging', start: () => new Promise(() => {}) }
  const early = Supervisor.start(node, { name: 'early', children: [diary.child('never')] })
  node.exit(pidOf(node, 'early'), KILL)
  await assert.rejects(early, hasCode('SUPERVISOR_STOPPED'))
  const late = Supervisor.start(node, { name: 'late', children: [diary.child('a'), hanging] })
  await waitFor(() => diary.lines.length === 1)
  node.exit(pidOf(node, 'late'), KILL)
  await assert.rejects(late, hasCode('SUPERVISOR_STOPPED'))
  await waitFor(() => diary.lines.includes('a ends'))
  assert.deepEqual(diary.take(), ['a starts', 'a ends'])
})

test('each restart is logged once, with the child and the reason', async (t) => {
  const logger = new RecordingLogger()
  const node = await startAlone(t, { logger })
  const tree = await Supervisor.start(node, { name: 'tree', restartsMax: 1, children: [new Diary().child('a')] })
  const pid = pidOf(node, 'a')
  node.exit(pid, tuple(atom('out'), 'of paper'))
  await waitFor(async () => (await tree.countChildren()).active === 1 && !pidOf(node, 'a').equals(pid))
  assert.deepEqual(
    logger.complaints().map(({ level, fields, text }) => ({ level, fields, text })),
    [
      {
        level: 'warn',
        fields: { node: node.name, supervisor: 'tree', child: 'a', pid: String(pid), reason: "{:out, 'of paper'}" },
        text: 'child ended, it is restarted',
      },
    ],
  )
  const ended = endOf(node, tree.pid as Pid)
  node.exit(pidOf(node, 'a'), KILL)
  assert.equal(await ended, SHUTDOWN)
  assert.equal(logger.complaints('gives up').length, 1)
})

test('a restart that fails is tried again, and counts', async (t) => {
  const logger = new RecordingLogger()
  const node = await startAlone(t, { logger })
  let failures = 0
  const moody: ChildSpec = {
    id: 'moody',
    start: async (parent) => {
      if (failures-- > 0) throw new Error('not now')
      return parent.spawnLink((self) => self.receive(), { name: 'moody' })
    },
  }
  const tree = await Supervisor.start(node, { restartsMax: 4, children: [moody] })
  failures = 3
  node.exit(pidOf(node, 'moody'), KILL)
  await waitFor(() => node.whereis('moody') !== undefined && failures < 0)
  assert.equal(logger.complaints('did not start again').length, 3)
  const ended = endOf(node, tree.pid as Pid)
  failures = 1
  node.exit(pidOf(node, 'moody'), KILL)
  assert.equal(await ended, SHUTDOWN, 'the fifth restart within the time is one too many')
})

test('a supervisor ends with its parent, and ends its children in order before', async (t) => {
  const node = await startAlone(t)
  const diary = new Diary()
  const { self, end } = await startProcess(node)
  const tree = await Supervisor.start(self, { children: [diary.child('a'), diary.child('b')] })
  const ended = endOf(node, tree.pid as Pid)
  node.exit(tree.pid as Pid, SHUTDOWN)
  assert.equal((await tree.countChildren()).active, 2, 'an exit signal of a stranger is ignored')
  diary.take()
  end()
  assert.equal(await ended, atom('normal'))
  assert.deepEqual(diary.take(), ['b ends', 'a ends'])
  const other = await Supervisor.start(node, { children: [diary.child('c')] })
  const otherEnded = endOf(node, other.pid as Pid)
  node.exit(other.pid as Pid, atom('enough'))
  assert.equal(await otherEnded, atom('enough'), 'the parent of this one is the node itself')
})

test('a supervisor that is killed takes its children along', async (t) => {
  const node = await startAlone(t)
  const diary = new Diary()
  const tree = await Supervisor.start(node, {
    restartsMax: 5,
    children: [Supervisor.child({ id: 'nested', name: 'nested', children: [diary.child('a')] })],
  })
  const [nested, a] = [pidOf(node, 'nested'), pidOf(node, 'a')]
  node.exit(nested, KILL)
  await waitFor(() => node.whereis('a') !== undefined && !a.equals(node.whereis('a')))
  assert.equal(node.isAlive(a), false)
  assert.ok(!pidOf(node, 'nested').equals(nested))
  await tree.stop()
})

test('children are added, ended, started again and forgotten by their ids', async (t) => {
  const node = await startAlone(t)
  const diary = new Diary()
  const tree = await Supervisor.start(node, { children: [diary.child('a')] })
  const pid = await tree.startChild(diary.child('b', { type: 'supervisor' }))
  assert.deepEqual(await tree.whichChildren(), [
    { id: 'a', status: 'running', pid: pidOf(node, 'a'), type: 'worker' },
    { id: 'b', status: 'running', pid, type: 'supervisor' },
  ])
  await assert.rejects(tree.startChild(diary.child('b')), hasCode('CHILD_ID_TAKEN'))
  await assert.rejects(tree.restartChild('b'), hasCode('CHILD_RUNNING'))
  await assert.rejects(tree.deleteChild('b'), hasCode('CHILD_RUNNING'))
  await tree.terminateChild('b')
  assert.deepEqual(await tree.countChildren(), { specs: 2, active: 1, supervisors: 1, workers: 1 })
  await assert.rejects(tree.startChild(diary.child('b')), hasCode('CHILD_ID_TAKEN'))
  assert.ok(!(await tree.restartChild('b')).equals(pid))
  await tree.terminateChild('b')
  await tree.deleteChild('b')
  for (const refused of [tree.terminateChild('b'), tree.restartChild('b'), tree.deleteChild('b')]) {
    await assert.rejects(refused, hasCode('CHILD_NOT_FOUND'))
  }
  const cause = new Error('no')
  await assert.rejects(
    tree.startChild(failing('c', cause)),
    (error) => hasCode('CHILD_START_FAILED')(error) && (error as Error).cause === cause,
  )
  await assert.rejects(tree.startChild({ id: 'd', start: async () => 5 as never }), /did not resolve with a pid/)
  assert.deepEqual(diary.take(), ['a starts', 'b starts', 'b ends', 'b starts', 'b ends'])
})

test('dynamic children come and go by the thousand, up to childrenMax', async (t) => {
  const node = await startAlone(t)
  const tree = await Supervisor.start(node, {
    children: [DynamicSupervisor.child({ id: 'sessions', name: 'sessions', childrenMax: 2_000, restartsMax: 5 })],
  })
  const sessions = DynamicSupervisor.at(node, 'sessions')
  const session = workerChild({ id: 'session', restart: 'transient', run: (self) => self.receive() })
  const pids = await Promise.all(Array.from({ length: 2_000 }, () => sessions.startChild(session)))
  await assert.rejects(sessions.startChild(session), hasCode('CHILDREN_MAX'))
  const [first, second, third] = pids as [Pid, Pid, Pid]
  await sessions.terminateChild(first)
  await assert.rejects(sessions.terminateChild(first), hasCode('CHILD_NOT_FOUND'))
  node.send(second, 'done')
  node.exit(third, KILL)
  await waitFor(async () => (await sessions.countChildren()).active === 1_998)
  await waitFor(async () => !(await sessions.whichChildren()).some(({ pid }) => pid?.equals(third)))
  assert.equal((await sessions.countChildren()).active, 1_998, 'one was ended, one is done, one was restarted')
  await tree.stop()
  assert.equal(
    pids.some((pid) => node.isAlive(pid)),
    false,
  )
})

test('dynamic children end all at once, each within its own time', async (t) => {
  const node = await startAlone(t)
  const dynamic = await DynamicSupervisor.start(node)
  for (const shutdownMs of [10, 20, 20, 0]) await dynamic.startChild(stubborn('stubborn', shutdownMs))
  await dynamic.startChild({ ...stubborn('brutal', 0), shutdownMs: 'brutalKill' })
  await dynamic.startChild(workerChild({ id: 'obedient', run: (self) => self.receive() }))
  const reasons = (await dynamic.whichChildren()).map(({ pid }) => endOf(node, pid as Pid))
  await dynamic.stop()
  const killed = atom('killed')
  assert.deepEqual(await Promise.all(reasons), [killed, killed, killed, killed, killed, SHUTDOWN])
})

test('the end of the last significant child ends the supervisor', async (t) => {
  const node = await startAlone(t)
  const diary = new Diary()
  const job = (id: string) => taskChild({ id, name: id, significant: true, run: (self) => self.receive() })
  const tree = await Supervisor.start(node, {
    autoShutdown: 'allSignificant',
    children: [diary.child('helper'), job('one'), job('two')],
  })
  const ended = endOf(node, tree.pid as Pid)
  node.send('one', 'finish')
  await waitFor(async () => (await tree.countChildren()).active === 2)
  node.send('two', 'finish')
  assert.equal(await ended, SHUTDOWN)
  assert.deepEqual(diary.take(), ['helper starts', 'helper ends'])
})

test('a busy supervisor takes requestsMax requests, and refuses what comes beyond', async (t) => {
  const node = await startAlone(t)
  const slow: ChildSpec = {
    id: 'slow',
    start: async (parent) => {
      await sleep(10)
      return parent.spawnLink((self) => self.receive())
    },
  }
  const tree = await Supervisor.start(node, { requestsMax: 2, children: [] })
  const [started, ...others] = [tree.startChild(slow), ...Array.from({ length: 4 }, () => tree.countChildren())]
  const outcomes = await Promise.allSettled(others)
  await started
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'answered' : outcome.reason.code)),
    ['answered', 'answered', 'SUPERVISOR_BUSY', 'SUPERVISOR_BUSY'],
  )
})

test('messages that no supervisor expects are dropped, and logged once', async (t) => {
  const logger = new RecordingLogger()
  const node = await startAlone(t, { logger })
  const tree = await Supervisor.start(node, { children: [new Diary().child('a')] })
  for (let round = 0; round < 3; round += 1) {
    node.send(tree.pid as Pid, 'nonsense')
    node.send(tree.pid as Pid, tuple(atom('$gen_call'), 'nobody', atom('which_children')))
    node.send(tree.pid as Pid, tuple(atom('$gen_cast'), atom('stop')))
  }
  assert.equal((await tree.countChildren()).active, 1)
  assert.equal(logger.complaints('unexpected').length, 1)
})

test('a child that throws while it starts, and one that ends at once, are restarted in turn with the event loop', async (t) => {
  const node = await startAlone(t)
  let starts = 0
  const hasty = workerChild({
    id: 'hasty',
    run: () => {
      starts += 1
      throw new ExitReason(atom('hasty'))
    },
  })
  const tree = await Supervisor.start(node, { restartsMax: 1_000_000, withinMs: 1_000_000, children: [hasty] })
  await waitFor(() => starts > 5)
  await tree.stop()
  const count = starts
  await sleep(5)
  assert.equal(starts, count)
})
