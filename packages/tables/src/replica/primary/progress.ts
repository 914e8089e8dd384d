import type { Member, Uid, View } from '../../member.ts'
import type { Entry, Position } from '../entry.ts'
import type { Log } from '../log.ts'
import type { Acknowledge, Append, Mismatch } from '../message.ts'
import type { ReplicaSettings } from '../settings.ts'

/** How much of a message is filled while it is tried what fits. */
const TRIED_SHARE = 1 / 16

/** What the primary tells everyone with each message. */
export interface Announcement {
  readonly view: View
  readonly log: Log
  readonly commit: number
  readonly forget: number
  readonly round: number
  /** Of entries whose writer may count for itself who holds them. */
  readonly witnessOf: (entries: readonly Entry[]) => Uid | undefined
  /** Up to here a writer may have found out for itself what is committed, so that the word of it is not urgent. */
  readonly witnessed: number
  /** Nothing else comes in this turn that the word of a commit could go along with. */
  readonly isTurnOver: boolean
}

/**
 * How far one member has come, and what to send it next. Entries stream while they fit, many in a message where many are written; after a
 * mismatch, and at first, one message at a time is tried until one fits.
 */
export class Progress {
  readonly member: Member
  /** Of one that is on its way in: which try it is. */
  readonly admission: number | undefined
  /** Up to here the member's log is ours. */
  matched = 0
  applied = 0
  /** The newest round of questions that it answered. */
  round = 0
  heardMs: number
  readonly #settings: ReplicaSettings
  #next: number
  #streaming = false
  #answered = false
  #sentMs = Number.NEGATIVE_INFINITY
  #sentCommit = 0
  #sentRound = 0

  constructor(member: Member, next: number, settings: ReplicaSettings, nowMs: number, admission?: number) {
    this.member = member
    this.admission = admission
    this.#next = next
    this.#settings = settings
    this.heardMs = nowMs
  }

  acknowledged({ matched, applied, round, admission }: Acknowledge, nowMs: number): void {
    if (admission !== this.admission) return
    this.#heard(applied, round, nowMs)
    this.matched = Math.max(this.matched, matched)
    this.#next = Math.max(this.#next, this.matched + 1)
    this.#streaming = true
  }

  mismatched({ previous, matched, applied, round, admission }: Mismatch, nowMs: number): void {
    if (admission !== this.admission) return
    this.#heard(applied, round, nowMs)
    // While one is tried, answers to what was streamed before it still come in.
    if (!this.#streaming && previous.index !== this.#next - 1) return
    this.#streaming = false
    this.#next = Math.min(this.#next, matched + 1)
    this.#sentMs = Number.NEGATIVE_INFINITY
  }

  /** Whether it was not told yet up to where all is committed. */
  lacks(commit: number): boolean {
    return this.#streaming && commit > this.#sentCommit
  }

  /** What to send now, if anything. */
  next(announcement: Announcement, nowMs: number): Append | undefined {
    if (!this.#isDue(announcement, nowMs)) return undefined
    const { view, log, commit, forget, round } = announcement
    const epoch = log.epochAt(this.#next - 1)
    if (epoch === undefined) return undefined
    const previous: Position = { index: this.#next - 1, epoch }
    const entries = this.#entriesToSend(log)
    if (this.#streaming) this.#next += entries.length
    this.#sentMs = nowMs
    this.#sentCommit = commit
    this.#sentRound = round
    const { admission } = this
    return {
      type: 'append',
      view: this.#answered ? undefined : view,
      previous,
      entries,
      commit,
      forget,
      round,
      admission,
      witness: announcement.witnessOf(entries),
    }
  }

  #entriesToSend(log: Log): Entry[] {
    const { appendEntriesMax, appendBytesMax, inFlightEntriesMax, inFlightBytesMax } = this.#settings
    if (!this.#streaming) {
      const entries = log.from(this.#next, appendEntriesMax, appendBytesMax * TRIED_SHARE)
      // What is large is sent once it is known to fit: each try would carry it anew.
      const bytes = log.bytesBetween(this.#next - 1, this.#next - 1 + entries.length)
      return bytes > appendBytesMax * TRIED_SHARE ? [] : entries
    }
    if (!this.#hasRoom(log)) return []
    const roomEntries = inFlightEntriesMax - (this.#next - 1 - this.matched)
    const roomBytes = inFlightBytesMax - log.bytesBetween(this.matched, this.#next - 1)
    return log.from(this.#next, Math.min(roomEntries, appendEntriesMax), Math.min(roomBytes, appendBytesMax))
  }

  /** One entry more may be on its way; the last may go beyond the limit of bytes. */
  #hasRoom(log: Log): boolean {
    const { inFlightEntriesMax, inFlightBytesMax } = this.#settings
    const sent = this.#next - 1
    return sent - this.matched < inFlightEntriesMax && log.bytesBetween(this.matched, sent) < inFlightBytesMax
  }

  #heard(applied: number, round: number, nowMs: number): void {
    this.heardMs = nowMs
    this.#answered = true
    this.applied = Math.max(this.applied, applied)
    this.round = Math.max(this.round, round)
  }

  #isDue({ log, commit, round, witnessed, isTurnOver }: Announcement, nowMs: number): boolean {
    if (nowMs - this.#sentMs >= this.#settings.heartbeatMs || round > this.#sentRound) return true
    if (!this.#streaming) return false
    if (commit > this.#sentCommit && (isTurnOver || commit > witnessed)) return true
    return this.#next <= log.lastIndex && this.#hasRoom(log) && this.#isWorthSending(log, commit)
  }

  /** What comes while earlier entries are not committed leaves together, with the word that those are; or when it fills a message. */
  #isWorthSending(log: Log, commit: number): boolean {
    const { appendEntriesMax, appendBytesMax } = this.#settings
    const sent = this.#next - 1
    if (sent <= commit) return true
    return log.lastIndex - sent >= appendEntriesMax || log.bytesBetween(sent, log.lastIndex) >= appendBytesMax
  }
}
