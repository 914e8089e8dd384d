import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pid } from '@tiebeam/distribution'
import { cases, Random, random } from '@tiebeam/testing'
import { PidBag } from '../../src/groups/pid-bag.ts'

const keys = (pids: readonly Pid[]) => pids.map(({ key }) => key).sort()

test('a bag holds what a list would hold, however large it is', () => {
  const { seed } = random()
  for (let number = 0; number < cases(200); number++) {
    const random = new Random(seed, number)
    const known = Array.from({ length: random.integer(1, 200) }, (_, id) => new Pid('a@host', id, 0, 1))
    let bag = new PidBag([])
    let list: Pid[] = []
    for (let step = 0; step < 500; step++) {
      const pid = random.pick(known)
      const same = new Pid(pid.node, pid.id, pid.serial, pid.creation)
      if (random.chance(0.01)) {
        const next = random.shuffle([...list, ...known]).slice(0, random.integer(150))
        const { joined, left } = bag.changesTo(next)
        assert.deepEqual(keys([...next, ...left]), keys([...list, ...joined]), `case ${number}`)
        bag = new PidBag([...next])
        list = next
      } else if (random.chance(0.6)) {
        bag.add(same)
        list.push(pid)
      } else {
        const at = list.indexOf(pid)
        if (at >= 0) list.splice(at, 1)
        assert.equal(bag.remove(same), at >= 0, `case ${number}`)
      }
      assert.equal(bag.size, list.length)
    }
    assert.deepEqual(keys(bag.toArray()), keys(list), `case ${number}`)
  }
})
