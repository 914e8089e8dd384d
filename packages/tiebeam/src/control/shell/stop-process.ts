import { setTimeout as delay } from 'node:timers/promises'
import { TiebeamError } from '../../errors.ts'
import type { ControlClient } from './control-client.ts'

const LOOK_MS = 20
/** More than what an app gives itself (`stopMs`, 25 s). */
const STOP_MS = 60_000

/** Tells an app to stop and waits until its process is gone. @throws TiebeamError `COMMAND_FAILED` when it is not in time */
export async function stopProcess(client: ControlClient, timeoutMs = STOP_MS): Promise<number> {
  const { pid } = await client.about()
  await client.stop()
  const until = performance.now() + timeoutMs
  while (isAlive(pid)) {
    if (performance.now() > until) {
      throw new TiebeamError(
        'COMMAND_FAILED',
        `Process ${pid} was told to stop and still runs after ${timeoutMs / 1_000} s: look at its log, or end it with \`kill -9 ${pid}\`.`,
      )
    }
    await delay(LOOK_MS)
  }
  return pid
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
