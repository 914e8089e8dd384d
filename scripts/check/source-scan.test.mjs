import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanSource } from './source-scan.mjs'

const tick = '`'

test('comments and the contents of strings are blanked, line for line', () => {
  const source = `const a = 'Math.random' // Date.now\n/* setTimeout\n */ const b = "x"\n`
  const { code } = scanSource(source)
  assert.equal(code.length, source.length)
  assert.deepEqual(
    code.split('\n').map((line) => line.replace(/\s+/g, ' ').trim()),
    [`const a = ' '`, '', `const b = " "`, ''],
  )
})

test('quotes that are escaped do not end a string', () => {
  const { code } = scanSource(String.raw`f('a\'b // c', "d\\") + Date.now()`)
  assert.match(code, /Date\.now/)
  assert.doesNotMatch(code, /[abcd]\b/)
})

test('the text of a template is blanked, what it substitutes is code', () => {
  const { code } = scanSource(
    `${tick}Math.random \${ { a: ${tick}x\${Date.now()}y${tick} }.a } setTimeout${tick} + after`,
  )
  assert.match(code, /Date\.now\(\)/)
  assert.match(code, /\+ after$/)
  assert.doesNotMatch(code, /Math|setTimeout/)
})

test('a regular expression that holds quotes or slashes does not derail the scan', () => {
  const { code } = scanSource(`const a = /['"${tick}/*]\\/(/g.test(x)\nconst b = 4 / 2 / Date.now()\nreturn /'/`)
  assert.match(code, /const b = 4 \/ 2 \/ Date\.now\(\)/)
  assert.doesNotMatch(code, /'/)
})

test('every form of import is found with its names and its line', () => {
  const { imports } = scanSource(
    [
      `import net, { type Socket, connect as dial } from 'node:net'`,
      `import * as tls from 'node:tls'`,
      `import type { Duplex } from 'node:stream'`,
      `import 'node:process'`,
      `export { a } from './a.ts'`,
      `export type * from './b.ts'`,
      `const c = await import('./c.ts')`,
      `const notAnImport = 'node:dns'`,
      `import {\n  d,\n  e,\n} from './d.ts'`,
    ].join('\n'),
  )
  assert.deepEqual(imports, [
    { specifier: 'node:net', typeOnly: false, names: ['Socket', 'connect', 'default'], line: 1 },
    { specifier: 'node:tls', typeOnly: false, names: ['*'], line: 2 },
    { specifier: 'node:stream', typeOnly: true, names: ['Duplex'], line: 3 },
    { specifier: 'node:process', typeOnly: false, names: ['*'], line: 4 },
    { specifier: './a.ts', typeOnly: false, names: ['a'], line: 5 },
    { specifier: './b.ts', typeOnly: true, names: ['*'], line: 6 },
    { specifier: './c.ts', typeOnly: false, names: ['*'], line: 7 },
    { specifier: './d.ts', typeOnly: false, names: ['d', 'e'], line: 12 },
  ])
})

test('an import in a comment or a string is none', () => {
  const { imports } = scanSource(`// import 'node:net'\nconst a = "import 'node:tls'"\n/** import x from 'y' */`)
  assert.deepEqual(imports, [])
})
