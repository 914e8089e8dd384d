import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SilentLinks } from '../../src/node/silent-links.ts'

function link(name: string, bytesIn: number) {
  return { name, bytesIn }
}

test('a missed node is asked, and its link is silent when nothing came until the next look', () => {
  const links = new SilentLinks(500)
  assert.deepEqual(links.look([link('a', 10), link('b', 10)], 1000), { ask: ['a', 'b'], silent: [] })
  assert.equal(links.look([link('a', 10), link('b', 10)], 1400), undefined)
  assert.deepEqual(links.look([link('a', 10), link('b', 20)], 1500), { ask: ['a', 'b'], silent: ['a'] })
  assert.deepEqual(links.look([link('a', 10), link('b', 20)], 2050), { ask: ['a', 'b'], silent: ['a', 'b'] })
})

test('whoever is missed only now, or has another link, is asked first', () => {
  const links = new SilentLinks(500)
  assert.deepEqual(links.look([], 0), { ask: [], silent: [] })
  assert.deepEqual(links.look([link('a', 10)], 500), { ask: ['a'], silent: [] })
  assert.deepEqual(links.look([link('a', 7)], 1000), { ask: ['a'], silent: [] })
  assert.deepEqual(links.look([], 1500), { ask: [], silent: [] })
  assert.deepEqual(links.look([link('a', 7)], 2000), { ask: ['a'], silent: [] })
})

test('a process that was held up takes nobody for silent', () => {
  const links = new SilentLinks(500)
  links.look([link('a', 10)], 0)
  assert.deepEqual(links.look([link('a', 10)], 1500), { ask: ['a'], silent: [] })
  assert.deepEqual(links.look([link('a', 10)], 2100), { ask: ['a'], silent: ['a'] })
})
