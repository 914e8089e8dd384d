import type { Proposal } from './message.ts'
import type { Standing } from './standing.ts'

/** What a read takes, about. */
const READ_BYTES = 64

/** Proposals on their way to another primary: those of one turn leave in one message, as far as its limits go. */
export class Outbox {
  readonly #standing: Standing
  #proposals: Proposal[] = []
  #bytes = 0
  /** In which they were asked for. The writer asks for all again in a newer one. */
  #epoch = 0

  constructor(standing: Standing) {
    this.#standing = standing
  }

  /** `writeBytes`: of what it writes. */
  add(proposal: Proposal, writeBytes: number): void {
    const { epoch, settings } = this.#standing
    const bytes = writeBytes + proposal.reads.length * READ_BYTES
    const isFull = this.#proposals.length >= settings.appendEntriesMax || this.#bytes + bytes > settings.proposeBytesMax
    if (isFull || this.#epoch !== epoch) this.flush()
    this.#epoch = epoch
    this.#proposals.push(proposal)
    this.#bytes += bytes
  }

  flush(): void {
    const proposals = this.#proposals
    if (proposals.length === 0) return
    this.#proposals = []
    this.#bytes = 0
    const { primary, epoch } = this.#standing
    if (primary !== undefined && epoch === this.#epoch) this.#standing.send(primary, { type: 'propose', proposals })
  }
}
