import { join } from 'node:path'
import { TiebeamError } from '../errors.ts'

/** `sun_path` of Linux has 108 bytes, that of macOS 104, with the zero at its end. */
const PATH_BYTES_MAX = 103

/** The socket within a run directory. */
export function socketPathOf(runDirectory: string): string {
  return join(runDirectory, 'control.sock')
}

/** @throws TiebeamError `RUN_DIRECTORY_UNUSABLE` */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path)
  if (bytes <= PATH_BYTES_MAX) return
  throw new TiebeamError(
    'RUN_DIRECTORY_UNUSABLE',
    `The path of the control socket has ${bytes} bytes, and a socket takes ${PATH_BYTES_MAX}: set TIEBEAM_RUN_DIRECTORY to a shorter one (now ${path}).`,
  )
}
