import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@tiebeam/distribution'
import { TablesError } from '../errors.ts'
import { identityOf, nextGeneration } from '../founding/identity.ts'
import type { View } from '../member.ts'
import type { AuthorityCalls } from './authority-calls.ts'
import type { ReplicaDriver } from './replica-driver.ts'

export interface ResetInit {
  readonly driver: ReplicaDriver
  readonly authority: AuthorityCalls
  readonly logger: Logger
  readonly keep: boolean
  /** For the authority to take it. */
  readonly timeoutMs: number
  /** Called when it is certain that it is tried. */
  readonly onBegun: (identity: string) => void
}

const PAUSE_MS = 50

/**
 * Begins a new cluster in the place of whatever stands, with the rows that this process holds or with none.
 * @throws TablesError `AUTHORITY_UNKNOWN`
 */
export async function reset({ driver, authority, logger, keep, timeoutMs, onBegun }: ResetInit): Promise<void> {
  const answer = await authority.read()
  if (answer.type !== 'read') {
    throw new TablesError('AUTHORITY_UNKNOWN', 'The authority does not answer; nothing was reset. Try again.')
  }
  const { replica } = driver
  const over = answer.view
  const generation = Math.max(generationAfter(replica.view), generationAfter(over))
  const identity = identityOf({ generation, atMs: Date.now(), uid: replica.self.uid })
  logger.error({ before: replica.view?.identity, now: identity, keep }, 'tables: reset by a person')
  onBegun(identity)
  // As by a primary that takes over, its tail is finished: what was acknowledged anywhere is in the log of each member.
  if (keep) replica.copy.applyUpTo(replica.copy.log.lastIndex, performance.now())
  const copy = keep ? replica.legacy().copy?.inCluster(identity, over?.epoch ?? 0) : undefined
  driver.isFounding = true
  try {
    driver.replace(
      copy === undefined ? undefined : { copy, view: undefined, unfinished: { orphans: [], barriers: [] } },
    )
    const untilMs = performance.now() + timeoutMs
    while (driver.replica.view?.identity !== identity) {
      if (performance.now() > untilMs) {
        const message = 'The authority did not take the new cluster in time. Look at the status, and try again.'
        throw new TablesError('AUTHORITY_UNKNOWN', message)
      }
      driver.hand({ type: 'found', identity, over })
      await sleep(PAUSE_MS)
    }
  } finally {
    driver.isFounding = false
  }
}

function generationAfter(view: View | undefined): number {
  return nextGeneration(view?.identity)
}
