import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { filesBelow, members, pruneOutputs, selectTests, testFiles } from './layout.mjs'

/**
 * A folder with these files, removed after the test.
 *
 * @param {import('node:test').TestContext} t
 * @param {readonly string[]} files
 */
function folderWith(t, files) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiebeam-layout-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), '')
  }
  return folder
}

test('a test is found by its source, so that the output of a deleted one never runs', (t) => {
  const root = folderWith(t, [
    'packages/etf/tsconfig.json',
    'packages/etf/test/sub/lists.test.ts',
    'packages/etf/test/generators.ts',
    'packages/etf/dist/test/deleted.test.js',
    'examples/demo/tsconfig.json',
    'examples/demo/test/demo.test.ts',
    'scripts/layout.test.mjs',
    'docs/test/pages.test.mjs',
    'bench/node_modules/peer/peer.test.mjs',
  ])
  assert.deepEqual(testFiles(root), [
    {
      source: 'packages/etf/test/sub/lists.test.ts',
      file: 'packages/etf/dist/test/sub/lists.test.js',
      projects: ['packages/etf/test'],
    },
    {
      source: 'examples/demo/test/demo.test.ts',
      file: 'examples/demo/dist/test/demo.test.js',
      projects: ['examples/demo/test'],
    },
    { source: 'scripts/layout.test.mjs', file: 'scripts/layout.test.mjs', projects: [] },
    { source: 'docs/test/pages.test.mjs', file: 'docs/test/pages.test.mjs', projects: ['packages/etf'] },
  ])
})

test('a folder without a tsconfig.json is no member', (t) => {
  const root = folderWith(t, ['packages/etf/tsconfig.json', 'packages/draft/notes.md', 'packages/README.md'])
  assert.deepEqual(members(root), ['packages/etf'])
})

test('a filter that names a package selects that package alone, any other selects by path', () => {
  /** @type {import('./layout.mjs').TestFile[]} */
  const tests = [
    { source: 'packages/etf/test/lists.test.ts', file: 'packages/etf/dist/test/lists.test.js', projects: [] },
    {
      source: 'packages/distribution/test/etf.test.ts',
      file: 'packages/distribution/dist/test/etf.test.js',
      projects: [],
    },
    { source: 'scripts/layout.test.mjs', file: 'scripts/layout.test.mjs', projects: [] },
  ]
  const select = (/** @type {string[]} */ ...filters) =>
    selectTests(tests, filters).map((found) => tests.indexOf(found))
  assert.deepEqual(select(), [0, 1, 2])
  assert.deepEqual(select('etf'), [0])
  assert.deepEqual(select('etf', 'scripts'), [0, 2])
  assert.deepEqual(select('distribution/test/etf'), [1])
  assert.deepEqual(select('./packages/etf/dist/test/lists.test.js'), [0])
  assert.deepEqual(select('nothing'), [])
  assert.deepEqual(select('!etf'), [1, 2])
  assert.deepEqual(select('scripts', 'test/', '!distribution'), [0, 2])
})

test('compiled files go when their source has gone, and all others stay', (t) => {
  const root = folderWith(t, [
    'packages/etf/tsconfig.json',
    'packages/etf/src/kept.ts',
    'packages/etf/dist/src.tsbuildinfo',
    ...['js', 'js.map', 'd.ts', 'd.ts.map'].flatMap((ending) => [
      `packages/etf/dist/src/kept.${ending}`,
      `packages/etf/dist/src/gone.${ending}`,
      `packages/etf/dist/test/gone.test.${ending}`,
    ]),
  ])
  pruneOutputs(root)
  assert.deepEqual(filesBelow(path.join(root, 'packages/etf/dist'), []), [
    'src.tsbuildinfo',
    'src/kept.d.ts',
    'src/kept.d.ts.map',
    'src/kept.js',
    'src/kept.js.map',
  ])
})
