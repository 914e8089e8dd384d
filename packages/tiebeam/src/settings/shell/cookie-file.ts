import { randomInt } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { settingsError } from '../resolve.ts'

const COOKIE_CHARACTERS = 20

/**
 * The cookie of this user, which `erl`, `iex` and the command `tiebeam` find in the same place; it is made when there is none, as OTP does.
 * @throws TiebeamError `SETTING_INVALID` when it cannot be read, or others can read it
 */
export async function userCookie(home = homeOf()): Promise<string> {
  const file = path.join(home, '.erlang.cookie')
  try {
    const made = Array.from({ length: COOKIE_CHARACTERS }, () => String.fromCharCode(65 + randomInt(26))).join('')
    await writeFile(file, made, { flag: 'wx', mode: 0o400 })
    return made
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(file, cause)
  }
  try {
    const [{ mode }, content] = await Promise.all([stat(file), readFile(file, 'latin1')])
    const cookie = content.trim()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw new Error('others than its owner can read it')
    if (cookie === '') throw new Error('it is empty')
    return cookie
  } catch (cause) {
    throw unusable(file, cause)
  }
}

/** A user without a home, as in a container, has no cookie. */
function homeOf(): string {
  try {
    return homedir()
  } catch (cause) {
    throw unusable('.erlang.cookie', cause)
  }
}

function unusable(file: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause)
  return settingsError([`there is no cookie: RELEASE_COOKIE is not set, and ${file} cannot be used (${why})`], cause)
}
