import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ControlClient } from '../../control/shell/control-client.ts'
import { socketPathOf } from '../../control/socket-path.ts'
import { TiebeamError } from '../../errors.ts'

/** Where `tiebeam start` has the run directories of its apps, one each, within the folder of the app. */
export const RUN_DIRECTORIES = join('.tiebeam', 'run')

/**
 * Connects to the app of a run directory: that which is given, that of the environment, or the only one of the apps that `tiebeam start` runs
 * in this folder.
 * @throws TiebeamError `APP_NOT_RUNNING`, `CONTROL_DENIED`, `OPTION_INVALID`
 */
export async function connectToApp(given: string | undefined, environment: NodeJS.ProcessEnv): Promise<ControlClient> {
  const directory = given ?? (environment.TIEBEAM_RUN_DIRECTORY || undefined)
  if (directory !== undefined) return ControlClient.connect(socketPathOf(directory))
  const [only, ...others] = await startedHere()
  if (only === undefined) {
    throw new TiebeamError(
      'APP_NOT_RUNNING',
      'No app runs here: start one in this folder with `tiebeam start`, or give --run-directory.',
    )
  }
  if (others.length === 0) return only.client
  for (const { client } of [only, ...others]) client.close()
  const choice = [only, ...others].map((each) => each.directory).join(', ')
  throw new TiebeamError('OPTION_INVALID', `Several apps run here: give --run-directory, one of ${choice}.`)
}

/** The apps that `tiebeam start` runs in this folder, by name. */
export async function startedHere(): Promise<{ directory: string; client: ControlClient }[]> {
  const names = (await readdir(RUN_DIRECTORIES).catch(() => [])).sort()
  const found = await Promise.all(
    names.map(async (name) => {
      const directory = join(RUN_DIRECTORIES, name)
      const client = await ControlClient.connect(socketPathOf(directory)).catch(() => undefined)
      return client === undefined ? [] : [{ directory, client }]
    }),
  )
  return found.flat()
}
