/**
 * Packs each package that is published, as npm would, and looks at the result: publint, are-the-types-wrong, and
 * whether what a debugger follows is inside.
 */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { filesBelow, members } from '../layout.mjs'
import { run, runInstalled, runNpm } from '../processes.mjs'

/**
 * Needs a finished build.
 *
 * @param {string} root
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkPackaging(root) {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'tiebeam-packaging-'))
  try {
    /** @type {string[]} */
    const problems = []
    for (const folder of members(root)) {
      const manifest = JSON.parse(await readFile(path.join(root, folder, 'package.json'), 'utf8'))
      if (manifest.private) continue
      problems.push(
        ...(await checkPackage(path.join(root, folder), scratch)).map((problem) => `${manifest.name}: ${problem}`),
      )
    }
    return problems
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/**
 * @param {string} folder
 * @param {string} scratch
 */
async function checkPackage(folder, scratch) {
  const destination = path.join(scratch, path.basename(folder))
  const packed = await pack(folder, destination)
  if (typeof packed === 'string') return [packed]
  const [publint, types, content] = await Promise.all([
    runInstalled('publint/src/cli.js', ['--strict', packed.tarball], { capture: true }),
    runInstalled('@arethetypeswrong/cli/dist/index.js', ['--profile', 'esm-only', '--no-emoji', packed.tarball], {
      capture: true,
    }),
    checkContent(packed.content),
  ])
  return [...(publint.status ? [publint.output] : []), ...(types.status ? [types.output] : []), ...content]
}

/**
 * @param {string} folder
 * @param {string} destination
 * @returns {Promise<string | { tarball: string, content: string }>} why it failed, or where things are
 */
async function pack(folder, destination) {
  await mkdir(destination)
  const npm = await runNpm(['pack', '--silent', '--pack-destination', destination], { cwd: folder, capture: true })
  const [name] = await readdir(destination)
  if (npm.status !== 0 || !name) return `npm pack failed: ${npm.output}`
  const tarball = path.join(destination, name)
  const tar = await run('tar', ['-xzf', tarball, '-C', destination], { capture: true })
  return tar.status === 0 ? { tarball, content: path.join(destination, 'package') } : `unpacking failed: ${tar.output}`
}

/** @param {string} content the unpacked package */
async function checkContent(content) {
  const files = new Set(filesBelow(content, []))
  const problems = ['README.md', 'LICENSE'].filter((name) => !files.has(name)).map((name) => `lacks ${name}`)
  for (const file of files) {
    if (!file.endsWith('.map')) continue
    /** @type {{ sources: string[] }} */
    const map = JSON.parse(await readFile(path.join(content, file), 'utf8'))
    for (const source of map.sources) {
      const target = path.posix.join(path.posix.dirname(file), source)
      if (!files.has(target)) problems.push(`${file} points to ${target}, which is not packed`)
    }
  }
  return problems
}
