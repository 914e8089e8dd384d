/** Messages of all shapes that resemble the protocol, to a server and to whoever calls it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, Down, Exit, ImproperList, type Pid, type Reference, Tuple, tuple } from '@tiebeam/distribution'
import { cases, type Random, random } from '@tiebeam/testing'
import { serverRef } from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startAlone, startProcess } from '../start.ts'
import { Counter } from './counter.ts'

const words = [
  '$gen_call',
  '$gen_cast',
  'system',
  'alias',
  'add',
  'get',
  'resume',
  'get_state',
  '__proto__',
  'EXIT',
  'debug',
]

interface Known {
  readonly pids: readonly Pid[]
  readonly references: readonly Reference[]
}

/** Often almost right. */
function anything(generator: Random, known: Known, depth = 0): unknown {
  const inner = () => anything(generator, known, depth + 1)
  switch (generator.integer(depth > 3 ? 6 : 12)) {
    case 0:
      return generator.integer(10)
    case 1:
      return generator.pick([undefined, null, true, '', 'text', {}, [], new Uint8Array(3)])
    case 2:
      return generator.pick(known.pids)
    case 3:
      return generator.pick(known.references)
    case 4:
    case 5:
      return atom(generator.pick(words))
    case 6:
      return new ImproperList([generator.chance(0.7) ? atom('alias') : inner()], generator.pick(known.references))
    case 7:
      return Array.from({ length: generator.integer(4) }, inner)
    case 8:
      return tuple(atom(generator.pick(words)), tuple(inner(), inner()), inner())
    default:
      return new Tuple(Array.from({ length: generator.integer(5) }, inner))
  }
}

test('no message harms a server, or the calls that are under way', async (t) => {
  const logger = new RecordingLogger()
  const node = await startAlone(t, { logger })
  const counter = await Counter.start(node, { name: 'counter' })
  const { self } = await startProcess(node)
  const dead = await startProcess(node)
  dead.end()
  const spent = self.alias()
  self.unalias(spent)
  const known: Known = {
    pids: [node.pid, self.pid, dead.self.pid, counter.pid as Pid],
    references: [spent, self.alias()],
  }
  const generator = random()
  for (let round = 0; round < cases(20_000); round += 100) {
    for (let number = 0; number < 100; number++) {
      const to = generator.pick(['counter', node.pid, self.pid])
      const from = generator.pick(known.pids)
      const message = generator.chance(0.9)
        ? anything(generator, known)
        : generator.pick([
            new Exit(from, atom('kill')),
            new Down(generator.pick(known.references), from, atom('noproc')),
          ])
      // What would stop it is an order, and no nonsense.
      if (!/suspend|terminate/.test(String(message))) node.send(to, message)
    }
    const number = generator.integer(1000)
    assert.deepEqual(await counter.call('whole', 'x', [number], { deep: false }), ['x', [number], { deep: false }])
    assert.deepEqual(await serverRef<Counter>(self, 'counter').call('whole', 'y', [number], { deep: true }), [
      'y',
      [number],
      { deep: true },
    ])
  }
  assert.ok(node.isAlive(counter.pid as Pid))
  assert.ok(logger.complaints().length <= 4, `${logger.complaints().length} complaints`)
})
