import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TiebeamError } from '../../errors.ts'

const ENTRIES = ['src/main.ts', 'src/main.js', 'main.ts', 'main.js']

/**
 * The program of the app in this folder: that which is given, that of `"tiebeam": { "entry": … }` in package.json, or src/main.ts.
 * @throws TiebeamError `OPTION_INVALID`
 */
export async function findEntry(given: string | undefined): Promise<string> {
  const named = given ?? (await entryOfPackage())
  if (named !== undefined) {
    if (existsSync(named)) return resolve(named)
    throw new TiebeamError('OPTION_INVALID', `There is no ${named} in ${process.cwd()}.`)
  }
  const found = ENTRIES.find((path) => existsSync(path))
  if (found !== undefined) return resolve(found)
  throw new TiebeamError(
    'OPTION_INVALID',
    'There is no src/main.ts in this folder: name the program, as in `tiebeam start app.ts`, or make an app with `tiebeam new`.',
  )
}

async function entryOfPackage(): Promise<string | undefined> {
  try {
    const about = JSON.parse(await readFile('package.json', 'utf8')) as { tiebeam?: { entry?: unknown } }
    return typeof about.tiebeam?.entry === 'string' ? about.tiebeam.entry : undefined
  } catch {
    return undefined
  }
}
