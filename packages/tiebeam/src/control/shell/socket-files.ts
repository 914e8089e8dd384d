import { lstat, mkdir, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { TiebeamError } from '../../errors.ts'

const OTHERS = 0o077

/** Makes the folder for this user alone, or checks that it is. @throws TiebeamError `RUN_DIRECTORY_UNUSABLE` */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { mode, uid } = await lstat(folder)
    if (uid === process.getuid?.() && (mode & OTHERS) === 0) return
  } catch (cause) {
    throw new TiebeamError(
      'RUN_DIRECTORY_UNUSABLE',
      `The run directory ${folder} cannot be made: ${(cause as Error).message}. Set TIEBEAM_RUN_DIRECTORY to one that this user owns.`,
      { cause },
    )
  }
  throw new TiebeamError(
    'RUN_DIRECTORY_UNUSABLE',
    `The run directory ${folder} is open to other users: make it this user's own with \`chmod 700 ${folder}\`, or set TIEBEAM_RUN_DIRECTORY to another.`,
  )
}

/** Removes the socket that a dead process has left. @throws TiebeamError `RUN_DIRECTORY_UNUSABLE` */
export async function clearPath(path: string): Promise<void> {
  const file = await lstat(path).catch(() => undefined)
  if (file === undefined) return
  if (!file.isSocket()) {
    throw new TiebeamError(
      'RUN_DIRECTORY_UNUSABLE',
      `${path} is in the way of the control socket, and is no socket: remove it.`,
    )
  }
  if (await answers(path)) {
    throw new TiebeamError(
      'RUN_DIRECTORY_UNUSABLE',
      `Another process answers at ${path}: stop it, or set TIEBEAM_RUN_DIRECTORY to another folder for this one.`,
    )
  }
  await unlink(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Only this says that nobody listens: a queue that is full is one of a process that is alive.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}
