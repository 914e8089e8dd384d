import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, ImproperList, Pid, Reference, tuple } from '@tiebeam/etf'
import { genCall, genCallOf, genCast, genCastOf, genReply } from '../src/system/gen-call.ts'

const pid = new Pid('a@b', 1, 2, 3)
const alias = new Reference('a@b', 3, [1, 2, 3])
const aliasTag = new ImproperList([atom('alias')], alias)

test('a call is made as gen:call makes it, and read again', () => {
  const message = genCall(pid, alias, 'request')
  assert.deepEqual(message, tuple(atom('$gen_call'), tuple(pid, aliasTag), 'request'))
  assert.deepEqual(genCallOf(message), { client: { pid, tag: aliasTag }, request: 'request' })
  assert.deepEqual(genCastOf(genCast('request')), { request: 'request' })
  const system = genCall(pid, alias, 'request', atom('system'))
  assert.equal(genCallOf(system), undefined)
  assert.equal(genCallOf(system, atom('system'))?.request, 'request')
})

test('a reply echoes the tag as it came, and goes to the alias in it, else to the pid', () => {
  for (const [tag, to] of [
    [aliasTag, alias],
    [new ImproperList([aliasTag], 'more'), alias],
    [[aliasTag, 'more'], alias],
    [alias, pid],
    [tuple(alias, atom('node')), pid],
    [new ImproperList([atom('other')], alias), pid],
    [[], pid],
  ] as const) {
    const answer = genReply({ pid, tag }, 'reply')
    assert.equal(answer.to, to)
    assert.deepEqual(answer.message, tuple(tag, 'reply'))
  }
})

test('what is no well-formed call or cast is neither, whatever it claims', () => {
  for (const message of [
    undefined,
    'text',
    atom('$gen_call'),
    tuple(),
    tuple(atom('$gen_call')),
    tuple(atom('$gen_call'), tuple(pid, alias)),
    tuple(atom('$gen_call'), tuple(pid, alias), 1, 2),
    tuple(atom('$gen_call'), pid, 1),
    tuple(atom('$gen_call'), tuple(pid), 1),
    tuple(atom('$gen_call'), tuple('nobody', alias), 1),
    [atom('$gen_call'), tuple(pid, alias), 1],
    tuple(atom('$gen_cast')),
    tuple(atom('$gen_cast'), 1, 2),
  ]) {
    assert.equal(genCallOf(message), undefined)
    assert.equal(genCastOf(message), undefined)
  }
})
