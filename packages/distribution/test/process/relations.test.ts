import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, Pid, Reference } from '@tiebeam/etf'
import { cases, random } from '@tiebeam/testing'
import { type RelationEffect, Relations } from '../../src/process/relations.ts'
import type { Signal } from '../../src/signals.ts'

const gone = atom('gone')
const noproc = atom('noproc')
const noconnection = atom('noconnection')

function pidOf(node: string, id: number): Pid {
  return new Pid(node, id, 0, 1)
}

function single(names: Record<string, Pid> = {}, dead: readonly Pid[] = []) {
  return new Relations({
    node: 'here',
    alive: (pid) => pid.node === 'here' && !dead.some((other) => other.key === pid.key),
    whereis: (name) => names[name],
  })
}

const [here1, here2, there1] = [pidOf('here', 1), pidOf('here', 2), pidOf('there', 1)]
let references = 0
const newReference = (node = 'here') => new Reference(node, 1, [++references, 0, 0])
const signals = (effects: RelationEffect[]) => effects.map((effect) => effect.type === 'signal' && effect.signal.type)

test('a link between two local processes breaks for the one that is left', () => {
  const relations = single()
  assert.deepEqual(relations.link(here1, here2), [])
  assert.deepEqual(relations.ended(here1, gone), [{ type: 'linkBroken', to: here2, from: here1, reason: gone }])
  assert.deepEqual(relations.ended(here2, gone), [])
})

test('a link to a process that is not there breaks at once', () => {
  const relations = single({}, [here2])
  assert.deepEqual(relations.link(here1, here2), [{ type: 'linkBroken', to: here1, from: here2, reason: noproc }])
  const [effect] = single({}, [here2]).linked({ type: 'link', from: there1, to: here2 })
  assert.deepEqual(effect?.type === 'signal' && effect.signal, {
    type: 'exit',
    from: here2,
    to: there1,
    reason: noproc,
  })
})

test('the same link twice is one link', () => {
  const relations = single()
  assert.deepEqual(signals(relations.link(here1, there1)), ['link'])
  assert.deepEqual(relations.link(here1, there1), [])
  assert.deepEqual(relations.linked({ type: 'link', from: there1, to: here1 }), [])
  assert.deepEqual(signals(relations.ended(here1, gone)), ['exit'])
})

test('while an unlink is not acknowledged, the link is dead, and a link of the peer that crosses it does not revive it', () => {
  const relations = single()
  relations.link(here1, there1)
  const [unlink] = relations.unlink(here1, there1)
  assert.ok(unlink?.type === 'signal' && unlink.signal.type === 'unlink')
  assert.deepEqual(relations.linked({ type: 'link', from: there1, to: here1 }), [])
  assert.deepEqual(relations.linkExited({ type: 'exit', from: there1, to: here1, reason: gone }), [])
  assert.deepEqual(relations.ended(here1, gone), [], 'an inactive link tells nobody')
})

test('a late acknowledgement does not undo a link made in the meantime', () => {
  const relations = single()
  relations.link(here1, there1)
  const [unlink] = relations.unlink(here1, there1)
  assert.ok(unlink?.type === 'signal' && unlink.signal.type === 'unlink')
  assert.deepEqual(signals(relations.link(here1, there1)), ['link'])
  relations.unlinkAcknowledged({ type: 'unlinkAck', id: unlink.signal.id, from: there1, to: here1 })
  assert.deepEqual(relations.linkExited({ type: 'exit', from: there1, to: here1, reason: gone }), [
    { type: 'linkBroken', to: here1, from: there1, reason: gone },
  ])
})

test('every unlink of a peer is acknowledged, with its id, but for the old kind', () => {
  const relations = single()
  const [ack] = relations.unlinked({ type: 'unlink', id: 7n, from: there1, to: here1 })
  assert.deepEqual(ack?.type === 'signal' && ack.signal, { type: 'unlinkAck', id: 7n, from: here1, to: there1 })
  assert.deepEqual(relations.unlinked({ type: 'unlink', id: 0n, from: there1, to: here1 }), [])
})

test('a monitor fires once, with the target as it was named', () => {
  const relations = single({ name: here2 })
  const [byPid, byName] = [newReference(), newReference()]
  const target = { name: 'name', node: 'here' }
  assert.deepEqual(relations.monitor(here1, here2, byPid), [])
  assert.deepEqual(relations.monitor(here1, target, byName), [])
  assert.deepEqual(relations.ended(here2, gone), [
    { type: 'down', to: here1, reference: byPid, target: here2, reason: gone },
    { type: 'down', to: here1, reference: byName, target, reason: gone },
  ])
  assert.equal(relations.isMonitoring(here1, byPid), false)
})

test('a monitor of a name that a peer made goes on for the process that had the name', () => {
  const names: Record<string, Pid> = { name: here1 }
  const relations = single(names)
  const reference = newReference('there')
  relations.monitored({ type: 'monitor', from: there1, to: 'name', reference })
  names.name = here2
  const [effect] = relations.ended(here1, gone)
  const expected: Signal = { type: 'monitorExit', from: 'name', to: there1, reference, reason: gone }
  assert.deepEqual(effect?.type === 'signal' && effect.signal, expected)
})

test('a peer cannot take back the monitor of another', () => {
  const relations = single()
  const reference = newReference('there')
  relations.monitored({ type: 'monitor', from: there1, to: here1, reference })
  relations.demonitored({ type: 'demonitor', from: pidOf('elsewhere', 1), to: here1, reference })
  assert.deepEqual(signals(relations.ended(here1, gone)), ['monitorExit'])
})

test('a lost connection fires what hangs on it, and nothing else', () => {
  const relations = single()
  const [lost, kept, theirs] = [newReference(), newReference(), newReference('there')]
  relations.link(here1, there1)
  relations.link(here1, pidOf('elsewhere', 1))
  relations.monitor(here1, there1, lost)
  relations.monitor(here1, { name: 'x', node: 'elsewhere' }, kept)
  relations.monitored({ type: 'monitor', from: there1, to: here1, reference: theirs })
  assert.deepEqual(relations.disconnected('there'), [
    { type: 'linkBroken', to: here1, from: there1, reason: noconnection },
    { type: 'down', to: here1, reference: lost, target: there1, reason: noconnection },
  ])
  assert.deepEqual(signals(relations.ended(here1, gone)), ['exit', 'demonitor'])
})

/** Two nodes with one process each; signals between them are delivered in order, at random moments. */
test('two nodes agree on every link once all signals have arrived, however they cross', () => {
  const source = random()
  for (let round = 0; round < cases(5_000); round += 1) {
    const nodes = ['a', 'b'].map((node) => new Relations({ node, alive: () => true, whereis: () => undefined }))
    const pids = [pidOf('a', 1), pidOf('b', 1)] as const
    const wires: [Signal[], Signal[]] = [[], []]
    // What each side did last, after all that it has received.
    const carry = (side: 0 | 1, effects: RelationEffect[]): void => {
      for (const effect of effects) if (effect.type === 'signal') wires[side].push(effect.signal)
    }
    const deliver = (side: 0 | 1): void => {
      const signal = wires[side].shift()
      const to = nodes[1 - side] as Relations
      const other = (1 - side) as 0 | 1
      if (signal?.type === 'link') carry(other, to.linked(signal))
      else if (signal?.type === 'unlink') carry(other, to.unlinked(signal))
      else if (signal?.type === 'unlinkAck') to.unlinkAcknowledged(signal)
    }
    for (let step = 0; step < 40; step += 1) {
      const side = source.integer(2) as 0 | 1
      const [own, peer] = [pids[side], pids[1 - side] as Pid]
      const node = nodes[side] as Relations
      const choice = source.integer(4)
      if (choice === 0) carry(side, node.link(own, peer))
      else if (choice === 1) carry(side, node.unlink(own, peer))
      else deliver(side)
    }
    while (wires[0].length + wires[1].length > 0) deliver(wires[0].length > 0 ? 0 : 1)
    const linked = nodes.map((node, side) => node.ended(pids[side] as Pid, gone).length)
    assert.equal(linked[0], linked[1], 'one side is linked and the other is not')
  }
})
