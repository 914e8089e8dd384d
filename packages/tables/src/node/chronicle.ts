import type { Logger } from '@tiebeam/distribution'
import { namesOf } from '../founding/peers.ts'
import type { View } from '../member.ts'
import type { Report } from '../replica/event.ts'
import type { DataLoss, NodeEngineEvents } from './status.ts'

export interface ChronicleInit {
  readonly logger: Logger
  readonly emit: <Name extends keyof NodeEngineEvents>(name: Name, event: NodeEngineEvents[Name]) => void
}

export interface ViewKnown {
  readonly view: View
  readonly role: NodeEngineEvents['view'][0]['role']
  /** Counts the members that this process has been. */
  readonly incarnation: number
  /** This process began this cluster, all members of the one before being lost. */
  readonly isAfterLoss: boolean
}

/** What became of the cluster, as this process saw it: told in the log and as events. */
export class Chronicle {
  readonly #init: ChronicleInit
  /** The newest view of whichever cluster was known last. */
  #view: View | undefined
  #memberIncarnation: number | undefined
  #recordProblem: string | undefined
  /** The cluster that this process began with the rows that it held. */
  keptIdentity: string | undefined
  readonly counts = { resets: 0, rejoins: 0 }

  constructor(init: ChronicleInit) {
    this.#init = init
  }

  /** The record of the authority went back, and a person is to decide. */
  get recordProblem(): string | undefined {
    return this.#recordProblem
  }

  viewKnown({ view, role, incarnation, isAfterLoss }: ViewKnown): void {
    const { logger } = this.#init
    const before = this.#view
    this.#view = view
    if (before !== undefined && before.members.length > 0 && before.identity !== view.identity) {
      const reason = isAfterLoss ? 'all members lost' : 'other cluster'
      if (view.identity !== this.keptIdentity) this.#lost({ reason, before: before.identity, now: view.identity })
    }
    logger.info({ epoch: view.epoch, members: namesOf(view), role }, 'tables: a new view')
    this.#emit('view', [{ view, role }])
    if (role !== 'primary' && role !== 'member') return
    if (this.#memberIncarnation !== undefined && this.#memberIncarnation !== incarnation) {
      this.counts.rejoins += 1
      this.#emit('rejoined', [{ view }])
    }
    this.#memberIncarnation = incarnation
  }

  cutOff(isCutOff: boolean): void {
    const { logger } = this.#init
    if (isCutOff) logger.warn({}, 'tables: cut off: the primary is not heard, writes are refused')
    else logger.info({}, 'tables: in touch again')
    this.#emit(isCutOff ? 'cutoff' : 'reached', [])
  }

  excluded({ epoch }: View): void {
    this.#init.logger.warn({ epoch }, 'tables: left out of the view; joining again as a new member')
  }

  recordWentBack({ known, found }: Report & { readonly type: 'recordWentBack' }): void {
    const now = found === undefined ? 'none' : `epoch ${found.epoch}`
    const problem = `the record of the authority went back: epoch ${known.epoch} was known, ${now} is found. Views do not change until a person decides`
    if (this.#recordProblem === problem) return
    this.#recordProblem = problem
    this.#init.logger.error({ known, found }, `tables: ${problem}`)
  }

  recordStands(): void {
    if (this.#recordProblem === undefined) return
    this.#recordProblem = undefined
    this.#init.logger.info({}, 'tables: the record of the authority is as it was')
  }

  #lost(loss: DataLoss): void {
    this.counts.resets += 1
    this.#init.logger.error({ ...loss }, 'tables: rows were lost')
    this.#emit('dataloss', [loss])
  }

  /** A listener that throws must not harm the replica. */
  #emit<Name extends keyof NodeEngineEvents>(name: Name, event: NodeEngineEvents[Name]): void {
    try {
      this.#init.emit(name, event)
    } catch (error) {
      this.#init.logger.error({ err: error, event: name }, 'tables: a listener failed')
    }
  }
}
