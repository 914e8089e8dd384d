/**
 * Where things are: workspace members below packages/ and examples/, each with src → dist/src and test → dist/test.
 * Tests are found by their sources, so an output that outlived its source is never run.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

const memberFolders = ['packages', 'examples']
/** Folders whose tests are plain .test.mjs files, run as they are; those outside scripts/ use the compiled packages. */
const plainFolders = ['scripts', 'docs', 'bench']

/**
 * @typedef {{ source: string, file: string, projects: string[] }} TestFile
 *   paths relative to the root: what was written, what runs, and the folders whose tsconfig.json compiles what it needs
 */

/**
 * The members of the workspace that have been set up, as paths relative to the root.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function members(root) {
  return memberFolders.flatMap((folder) =>
    list(path.join(root, folder))
      .filter((entry) => entry.isDirectory() && existsSync(path.join(root, folder, entry.name, 'tsconfig.json')))
      .map((entry) => `${folder}/${entry.name}`),
  )
}

/**
 * The folders that hold a tsconfig.json of a member: itself, and its tests if there are any.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function projects(root) {
  return members(root)
    .flatMap((member) => [member, `${member}/test`])
    .filter((folder) => existsSync(path.join(root, folder, 'tsconfig.json')))
}

/**
 * All files below a folder, as sorted paths relative to it.
 *
 * @param {string} folder
 * @param {readonly string[]} [skipped] names of folders that are not entered
 * @returns {string[]}
 */
export function filesBelow(folder, skipped = ['node_modules', 'dist']) {
  return list(folder)
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name]
      if (skipped.includes(entry.name)) return []
      return filesBelow(path.join(folder, entry.name), skipped).map((file) => `${entry.name}/${file}`)
    })
    .sort()
}

/**
 * @param {string} root
 * @returns {TestFile[]}
 */
export function testFiles(root) {
  const compiled = members(root).flatMap((member) =>
    filesBelow(path.join(root, member, 'test'))
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => ({
        source: `${member}/test/${file}`,
        file: `${member}/dist/test/${file.replace(/\.ts$/, '.js')}`,
        projects: [`${member}/test`],
      })),
  )
  const packages = members(root).filter((member) => member.startsWith('packages/'))
  const plain = plainFolders.flatMap((folder) =>
    filesBelow(path.join(root, folder))
      .filter((file) => file.endsWith('.test.mjs'))
      .map((file) => ({
        source: `${folder}/${file}`,
        file: `${folder}/${file}`,
        projects: folder === 'scripts' ? [] : packages,
      })),
  )
  return [...compiled, ...plain]
}

/**
 * The tests that any of the filters names. A filter is the name of a member (`etf`) or of a folder of scripts, or else
 * a part of a test's path, before or after compilation. With `!` before it, it names what is left out.
 *
 * @param {readonly TestFile[]} tests
 * @param {readonly string[]} filters none: all tests
 */
export function selectTests(tests, filters) {
  const without = filters.filter((filter) => filter.startsWith('!')).map((filter) => filter.slice(1))
  const wanted = named(
    tests,
    filters.filter((filter) => !filter.startsWith('!')),
    tests,
  )
  const unwanted = new Set(named(tests, without, []))
  return wanted.filter((test) => !unwanted.has(test))
}

/**
 * @param {readonly TestFile[]} tests
 * @param {readonly string[]} filters
 * @param {readonly TestFile[]} ofNone what no filter at all names
 */
function named(tests, filters, ofNone) {
  if (filters.length === 0) return [...ofNone]
  const folderOf = (/** @type {string} */ source) =>
    source.split('/')[source.startsWith('packages/') || source.startsWith('examples/') ? 1 : 0]
  const folders = new Set(tests.map((test) => folderOf(test.source)))
  return tests.filter((test) =>
    filters.some((filter) => {
      const wanted = filter.replace(/^\.\//, '').replace(/\/$/, '')
      if (folders.has(wanted)) return folderOf(test.source) === wanted
      return test.source.includes(wanted) || test.file.includes(wanted)
    }),
  )
}

/**
 * Deletes compiled files whose source is gone: the compiler leaves them, and they would be packed and published.
 *
 * @param {string} root
 */
export function pruneOutputs(root) {
  for (const member of members(root)) {
    for (const part of ['src', 'test']) {
      const outputs = path.join(root, member, 'dist', part)
      for (const file of filesBelow(outputs)) {
        const source = file.replace(/\.(?:js|d\.ts)(?:\.map)?$/, '.ts')
        if (source !== file && !existsSync(path.join(root, member, part, source)))
          rmSync(path.join(outputs, file), { force: true })
      }
    }
  }
}

/** @param {string} folder */
function list(folder) {
  return existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []
}
