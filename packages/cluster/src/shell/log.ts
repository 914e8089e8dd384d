import type { Logger } from '@tiebeam/distribution'
import { messageOf } from '../errors.ts'
import type { FormationReport } from '../formation/events.ts'
import type { Sifted } from '../formation/listing.ts'

/** Names in one line of the log; a list of thousands is told by its length. */
const NAMES_SHOWN_MAX = 10

/** One line for each change. */
export function logReport(logger: Logger, report: FormationReport): void {
  switch (report.type) {
    case 'listingChanged': {
      const { topology, added, removed } = report
      logger.info({ topology }, `Topology ${topology}: ${describeChange(added, removed)}.`)
      return
    }
    case 'lookupFailing': {
      const { topology, error } = report
      logger.warn(
        { topology, err: error },
        `Topology ${topology}: discovery fails; the last list stays, and no link is touched. ${messageOf(error)}`,
      )
      return
    }
    case 'lookupRecovered':
      logger.info({ topology: report.topology }, `Topology ${report.topology}: discovery works again.`)
      return
    case 'peerRefuses': {
      const { name, error } = report
      logger.warn(
        { peer: name, err: error },
        `${name} is listed but cannot join; trying on, slowly. ${messageOf(error)}`,
      )
      return
    }
    case 'peerUnreachable': {
      const { name, error, missingMs } = report
      logger.warn(
        { peer: name, err: error, missingMs: Math.round(missingMs) },
        `${name} is listed but has been out of reach for ${seconds(missingMs)}; trying on. ${messageOf(error)}`,
      )
      return
    }
    case 'peerFound': {
      const { name, missingMs } = report
      logger.info({ peer: name, missingMs: Math.round(missingMs) }, `${name} is connected after ${seconds(missingMs)}.`)
    }
  }
}

/** Tells of records that are no node names, and of too many of them, when that changes and not at each look-up. */
export class RejectionLog {
  readonly #logger: Logger
  readonly #last = new Map<string, string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  note(topology: string, sifted: Sifted, namesMax: number): void {
    const complaints: string[] = []
    if (sifted.rejectedCount > 0) {
      const shown = sifted.rejected.map((name) => JSON.stringify(name)).join(', ')
      complaints.push(`${sifted.rejectedCount} of the names found are no node names and are left out: ${shown}`)
    }
    if (sifted.surplusCount > 0) {
      complaints.push(`more than namesMax (${namesMax}) names found, ${sifted.surplusCount} of them are left out`)
    }
    const text = complaints.join('; ')
    if (text === (this.#last.get(topology) ?? '')) return
    this.#last.set(topology, text)
    if (text === '') this.#logger.info({ topology }, `Topology ${topology}: all names found are usable again.`)
    else
      this.#logger.warn(
        { topology },
        `Topology ${topology}: ${text}. Check the service's records and the application name.`,
      )
  }
}

function describeChange(added: readonly string[], removed: readonly string[]): string {
  const parts: string[] = []
  if (added.length > 0) parts.push(`found ${list(added)}`)
  if (removed.length > 0) parts.push(`no longer lists ${list(removed)}`)
  return parts.join('; ')
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ')
  return names.length > NAMES_SHOWN_MAX ? `${shown} and ${names.length - NAMES_SHOWN_MAX} more` : shown
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
