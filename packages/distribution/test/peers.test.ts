/** What a node and its peer do to each other's processes: each claim is tried with an OTP node and with a Tiebeam node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Pid, type Reference, type Tuple, tuple } from '@tiebeam/etf'
import { Down, Exit } from '../src/process/notices.ts'
import { Probe } from './peers/probe.ts'
import { Puppet, peerKinds, startWorld, type World } from './peers/start-peer.ts'

interface Case extends World {
  readonly probe: Probe
  readonly puppet: Puppet
  /** A second pair, for what must not be seen, or happens to others. */
  readonly another: () => Promise<Puppet>
}

const claims: Record<string, (world: Case) => Promise<void>> = {
  async 'sending connects, and each side pings the other'({ node, peer, puppet }) {
    assert.deepEqual(node.nodes('connected'), [peer.name])
    assert.deepEqual(node.nodes(peer.kind === 'OTP' ? 'visible' : 'visible'), [peer.name])
    assert.equal(await node.ping(peer.name), 'pong')
    assert.equal(await puppet.do('ping', atom(node.name)), atom('pong'))
    assert.deepEqual(node.nodes('connected'), [peer.name])
  },

  async 'values arrive as they were sent, and come back so'({ probe, puppet }) {
    const values = [
      ...[0, -1, 255, 2 ** 40, 1.5, 2n ** 70n, 'text', 'äöü€', atom('ok'), tuple(), tuple(1, tuple(2)), [], [1, 2, 3]],
      ...[['a', [1.5]], { a: 1 }, new Map([[1, 'one']]), true, false, null, undefined, probe.pid, puppet.pid],
    ]
    for (const value of values) {
      probe.send(puppet.pid, value)
      assert.deepEqual(await puppet.got(), value)
    }
  },

  async 'processes are reached by their registered names'({ node, peer, probe, puppet }) {
    await puppet.do('register', atom('puppet'))
    probe.send({ name: 'puppet', node: peer.name }, 'by name')
    assert.equal(await puppet.got(), 'by name')
    node.register('probe', probe.pid)
    await puppet.do('send', tuple(atom('probe'), atom(node.name)), 'back by name')
    assert.equal(await probe.next(), 'back by name')
    node.send({ name: 'nobody', node: peer.name }, 'to nobody')
    await puppet.do('send', tuple(atom('nobody'), atom(node.name)), 'to nobody')
  },

  async 'a monitor tells why a process of the peer ended'({ probe, puppet }) {
    const reference = probe.self.monitor(puppet.pid)
    puppet.tell('leave', tuple(atom('because'), 'reasons'))
    assert.deepEqual(await probe.next(), new Down(reference, puppet.pid, tuple(atom('because'), 'reasons')))
    const late = probe.self.monitor(puppet.pid)
    assert.deepEqual(await probe.next(), new Down(late, puppet.pid, atom('noproc')))
  },

  async 'a monitor by name tells of the name'({ peer, probe, puppet }) {
    await puppet.do('register', atom('named'))
    const target = { name: 'named', node: peer.name }
    const reference = probe.self.monitor(target)
    puppet.tell('leave', atom('normal'))
    assert.deepEqual(await probe.next(), new Down(reference, target, atom('normal')))
    const late = probe.self.monitor(target)
    assert.deepEqual(await probe.next(), new Down(late, target, atom('noproc')))
  },

  async 'a monitor that was removed does not fire'({ probe, puppet, another }) {
    const reference = probe.self.monitor(puppet.pid)
    assert.equal(probe.self.demonitor(reference), true)
    assert.equal(probe.self.demonitor(reference), false)
    const kept = probe.self.monitor(puppet.pid)
    const other = await another()
    const theirs = (await other.do('monitor', probe.pid)) as Reference
    await other.do('demonitor', theirs)
    puppet.tell('leave', atom('normal'))
    assert.equal(((await probe.next()) as Down).reference.key, kept.key)
    probe.end()
    const watched = await Probe.start(probe.self.node)
    await other.do('monitor', watched.pid)
    watched.end()
    const down = tuple(atom('DOWN'), atom('process'))
    assert.equal(((await other.got()) as typeof down).at(2), atom('process'))
  },

  async 'the peer monitors our processes, by pid and by name'({ node, puppet }) {
    for (const name of [undefined, 'watched']) {
      const watched = await Probe.start(node)
      if (name !== undefined) node.register(name, watched.pid)
      const target = name === undefined ? watched.pid : tuple(atom(name), atom(node.name))
      const reference = await puppet.do('monitor', target)
      node.exit(watched.pid, tuple('why', 1))
      assert.deepEqual(await puppet.got(), tuple(atom('DOWN'), reference, atom('process'), target, tuple('why', 1)))
      const late = await puppet.do('monitor', target)
      assert.deepEqual(await puppet.got(), tuple(atom('DOWN'), late, atom('process'), target, atom('noproc')))
    }
  },

  async 'the end of a process ends those linked to it, with its reason'({ node, probe, puppet }) {
    const linked = await Probe.start(node)
    probe.self.monitor(linked.pid)
    linked.self.link(puppet.pid)
    puppet.tell('leave', atom('crashed'))
    assert.deepEqual(((await probe.next()) as Down).reason, atom('crashed'))
  },

  async 'a process that ends normally ends nobody'({ node, probe, puppet, another }) {
    const linked = await Probe.start(node)
    linked.self.link(puppet.pid)
    const reference = probe.self.monitor(puppet.pid)
    puppet.tell('leave', atom('normal'))
    assert.equal(((await probe.next()) as Down).reference.key, reference.key)
    assert.equal(node.isAlive(linked.pid), true)
    const other = await another()
    await other.do('link', linked.pid)
    linked.end()
    await other.do('trap', true)
  },

  async 'a process that traps exits gets them as messages'({ node, probe, puppet, another }) {
    probe.self.trapExit = true
    probe.self.link(puppet.pid)
    puppet.tell('leave', atom('crashed'))
    assert.deepEqual(await probe.next(), new Exit(puppet.pid, atom('crashed')))
    probe.self.link(puppet.pid)
    assert.deepEqual(await probe.next(), new Exit(puppet.pid, atom('noproc')))

    const other = await another()
    await other.do('trap', true)
    const linked = await Probe.start(node)
    await other.do('link', linked.pid)
    node.exit(linked.pid, atom('crashed'))
    assert.deepEqual(await other.got(), tuple(atom('EXIT'), linked.pid, atom('crashed')))
    await other.do('link', linked.pid)
    assert.deepEqual(await other.got(), tuple(atom('EXIT'), linked.pid, atom('noproc')))
  },

  async 'what a process throws is its reason'({ node, puppet }) {
    await puppet.do('trap', true)
    const pid = node.spawn(async (self) => {
      await self.receive()
      throw new RangeError('too far')
    })
    await puppet.do('link', pid)
    node.send(pid, 'go')
    const reason = tuple(tuple(atom('javascript'), 'RangeError', 'too far'), [])
    assert.deepEqual(await puppet.got(), tuple(atom('EXIT'), pid, reason))
  },

  async 'an unlinked process is not ended, and can be linked again'({ probe, puppet, another }) {
    probe.self.link(puppet.pid)
    probe.self.unlink(puppet.pid)
    const reference = probe.self.monitor(puppet.pid)
    puppet.tell('leave', atom('crashed'))
    assert.equal(((await probe.next()) as Down).reference.key, reference.key)

    const other = await another()
    probe.self.trapExit = true
    probe.self.link(other.pid)
    probe.self.unlink(other.pid)
    probe.self.link(other.pid)
    await other.do('unlink', probe.pid)
    await other.do('link', probe.pid)
    other.tell('leave', atom('again'))
    assert.deepEqual(await probe.next(), new Exit(other.pid, atom('again')))
  },

  async 'both sides may link and unlink at the same time'({ probe, puppet }) {
    probe.self.trapExit = true
    for (let round = 0; round < 200; round += 1) {
      puppet.tell(round % 3 === 0 ? 'unlink' : 'link', probe.pid)
      if (round % 2 === 0) probe.self.unlink(puppet.pid)
      else probe.self.link(puppet.pid)
    }
    await puppet.do('link', probe.pid)
    puppet.tell('leave', atom('at last'))
    assert.deepEqual(await probe.next((message) => message instanceof Exit), new Exit(puppet.pid, atom('at last')))
  },

  async 'exit signals go both ways'({ node, probe, puppet, another }) {
    await puppet.do('trap', true)
    probe.self.exit(puppet.pid, atom('please'))
    assert.deepEqual(await puppet.got(), tuple(atom('EXIT'), probe.pid, atom('please')))
    const reference = probe.self.monitor(puppet.pid)
    probe.self.exit(puppet.pid, atom('kill'))
    assert.deepEqual(await probe.next(), new Down(reference, puppet.pid, atom('killed')))

    const other = await another()
    const target = await Probe.start(node, { trapExit: true })
    await other.do('exit', target.pid, tuple('a', 'reason'))
    assert.deepEqual(await target.next(), new Exit(other.pid, tuple('a', 'reason')))
    const seen = probe.self.monitor(target.pid)
    await other.do('exit', target.pid, atom('kill'))
    assert.deepEqual(await probe.next(), new Down(seen, target.pid, atom('killed')))
    await other.do('exit', probe.pid, atom('normal'))
    assert.equal(node.isAlive(probe.pid), true, 'normal does not end another process')
  },

  async 'an alias is an address until it is taken back'({ probe, puppet }) {
    const alias = probe.self.alias()
    await puppet.do('send', alias, 'by alias')
    assert.equal(await probe.next(), 'by alias')
    assert.equal(probe.self.unalias(alias), true)
    await puppet.do('send', alias, 'too late')
    const theirs = (await puppet.do('alias')) as Reference
    probe.send(theirs, 'by their alias')
    assert.equal(await puppet.got(), 'by their alias')
    await puppet.do('unalias', theirs)
    probe.send(theirs, 'too late')
    assert.equal(await puppet.do('send', probe.pid, 'the end'), atom('ok'))
    assert.equal(await probe.next(), 'the end')
  },

  async 'messages between two processes stay in order, large ones among small ones'({ probe, puppet }) {
    const sizes = [1, 100, 70_000, 3, 1_000_000, 2, 40_000, 5, 200_000, 1, 1]
    const bodies = sizes.map((size, index) => tuple(index, 'x'.repeat(size)))
    for (const body of bodies) probe.send(puppet.pid, body)
    for (const body of bodies) assert.equal(((await puppet.got()) as typeof body).at(0), body.at(0))
    for (const body of bodies) puppet.tell('send', probe.pid, body)
    for (const body of bodies) {
      const message = await probe.next((got) => (got as Tuple).at(0) !== atom('did'))
      assert.deepEqual(message, body)
    }
  },

  async 'a message of 64 MB goes there and back'({ probe, puppet }) {
    const body = 'tiebeam!'.repeat(8 * 1024 * 1024)
    probe.send(puppet.pid, body)
    const back = await puppet.got()
    assert.ok(back === body, 'the message came back changed')
  },

  async 'a lost connection fires links and monitors on both sides, and can be made again'({
    node,
    peer,
    probe,
    puppet,
  }) {
    await puppet.do('trap', true)
    probe.self.trapExit = true
    probe.self.link(puppet.pid)
    const ours = probe.self.monitor(puppet.pid)
    const theirs = await puppet.do('monitor', probe.pid)
    assert.equal(await node.disconnect(peer.name), true)
    assert.deepEqual(node.nodes('connected'), [])
    assert.deepEqual(await probe.next(), new Exit(puppet.pid, atom('noconnection')))
    assert.deepEqual(await probe.next(), new Down(ours, puppet.pid, atom('noconnection')))
    await node.connect(peer.name)
    const got = [await puppet.got(), await puppet.got()]
    const expected = [
      tuple(atom('EXIT'), probe.pid, atom('noconnection')),
      tuple(atom('DOWN'), theirs, atom('process'), probe.pid, atom('noconnection')),
    ]
    if (String((got[0] as ReturnType<typeof tuple>).at(0)) === 'DOWN') expected.reverse()
    assert.deepEqual(got, expected)
  },

  // The last one: no peer is left after it.
  async 'the death of the peer is noticed at once'({ node, peer, probe, puppet }) {
    const reference = probe.self.monitor(puppet.pid)
    const down = new Promise<string>((resolve) => node.once('nodedown', ({ name }) => resolve(name)))
    await peer.kill()
    const { reason, target } = (await probe.next()) as Down
    assert.ok(reason === atom('noconnection') || peer.kind === 'Tiebeam', String(reason))
    assert.equal((target as Pid).key, (reference && puppet.pid).key)
    assert.equal(await down, peer.name)
  },
}

for (const kind of peerKinds) {
  test(`with a peer of ${kind}`, async (t) => {
    const world = await startWorld(t, kind)
    if (world === undefined) return
    for (const [claim, run] of Object.entries(claims)) {
      await t.test(claim, async () => {
        const probe = await Probe.start(world.node)
        const another = async (): Promise<Puppet> => Puppet.make(await Probe.start(world.node), world.peer)
        await run({ ...world, probe, puppet: await Puppet.make(await Probe.start(world.node), world.peer), another })
      })
    }
  })
}
