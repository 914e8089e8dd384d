import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TiebeamError } from '../../errors.ts'
import { checkRelease, type ReleaseInit } from '../init.ts'
import { startScript } from '../script.ts'
import { Bundle } from './bundle.ts'

/** Says that a folder is a release, and so may be replaced by one. */
const MARK = join('releases', 'release.json')
const COOKIE = join('releases', 'COOKIE')

/** Programs of the release besides those of the app, as they stand in this package. */
export interface ReleasePrograms {
  /** What `remote`, `rpc`, `eval`, `stop` and `pid` are. */
  readonly control: string
}

/**
 * Makes a folder that runs where it is copied. It appears under its name only when it is whole.
 * @returns the path of the folder
 * @throws TiebeamError `OPTION_INVALID`, `RELEASE_FAILED`
 */
export async function makeRelease(init: ReleaseInit, programs: ReleasePrograms): Promise<string> {
  checkRelease(init)
  const entries = [init.entry, ...(init.entries ?? [])].map((each) => resolve(each))
  for (const entry of entries) {
    if (existsSync(entry)) continue
    throw new TiebeamError('OPTION_INVALID', `There is no ${entry}: name the program that the release is to start.`)
  }
  const out = resolve(init.out)
  await checkReplaceable(out)
  await mkdir(dirname(out), { recursive: true })
  const made = await mkdtemp(join(dirname(out), `.${basename(out)}-`))
  try {
    await chmod(made, 0o755)
    await fill(made, init, entries, programs)
    await writeCookie(made, init, join(out, COOKIE))
    await rm(out, { recursive: true, force: true })
    await rename(made, out)
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    throw error
  }
  return out
}

async function fill(
  folder: string,
  init: ReleaseInit,
  entries: readonly string[],
  { control }: ReleasePrograms,
): Promise<void> {
  const { name, version, external = [] } = init
  for (const each of ['bin', 'lib', 'releases']) await mkdir(join(folder, each))
  const bundle = new Bundle({ folder: join(folder, 'lib'), external })
  await bundle.add(control, 'control.js')
  await bundle.add(ownProgram('../runtime/shell/daemon.js'), 'daemon.js')
  const [main = ''] = await inTurn(entries, (entry) => bundle.add(entry))
  await writeFile(join(folder, 'lib', 'package.json'), '{ "type": "module" }\n')
  await writeFile(join(folder, MARK), `${JSON.stringify({ name, version, main })}\n`)
  const script = join(folder, 'bin', name)
  await writeFile(script, startScript({ name, version, main }))
  await chmod(script, 0o755)
  if (init.withNode !== true) return
  const node = join(folder, 'runtime', 'bin', 'node')
  await mkdir(dirname(node), { recursive: true })
  await copyFile(process.execPath, node)
  await chmod(node, 0o755)
}

/** The cookie of the release before is kept: nodes of both must find each other while one replaces the other. */
async function writeCookie(folder: string, { cookie = true }: ReleaseInit, before: string): Promise<void> {
  if (!cookie) return
  const text = existsSync(before) ? await readFile(before, 'utf8') : randomBytes(32).toString('base64url')
  await writeFile(join(folder, COOKIE), text, { mode: 0o600 })
}

async function checkReplaceable(out: string): Promise<void> {
  if (!existsSync(out) || existsSync(join(out, MARK))) return
  const files = await readdir(out).catch(() => ['a file'])
  if (files.length === 0) return
  throw new TiebeamError(
    'OPTION_INVALID',
    `${out} is there and is not a release, so it is not overwritten: choose another folder with --out, or remove it.`,
  )
}

async function inTurn<T, R>(items: readonly T[], step: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await step(item))
  return results
}

/** A program of this package, in JavaScript as it was built. */
function ownProgram(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}
