import assert from 'node:assert/strict'
import type { Member, View } from '../../member.ts'
import type { SnapshotRow } from '../../store/store.ts'
import type { Copy } from '../copy.ts'
import type { Position } from '../entry.ts'
import { bytesOf } from '../entry-bytes.ts'
import type { Chunk } from '../message.ts'
import type { ReplicaSettings } from '../settings.ts'
import { Progress } from './progress.ts'

const CHUNKS_AT_ONCE_MAX = 2

/** A snapshot on its way: chunks leave as earlier ones are taken, so a slow receiver costs no memory here. */
class Transfer {
  readonly base: Position
  readonly #id: number
  readonly #rows: Iterator<SnapshotRow>
  readonly #unacknowledged = new Map<number, Chunk>()
  #number = 0
  #finished = false
  #sentMs = Number.NEGATIVE_INFINITY

  constructor(id: number, copy: Copy, nowMs: number) {
    this.#id = id
    this.base = copy.position
    this.#rows = copy.store.rows(nowMs)
  }

  get isDone(): boolean {
    return this.#finished && this.#unacknowledged.size === 0
  }

  taken(number: number): void {
    this.#unacknowledged.delete(number)
  }

  next(view: View, copy: Copy, settings: ReplicaSettings, nowMs: number): Chunk[] {
    const chunks: Chunk[] = []
    if (nowMs - this.#sentMs >= settings.resendMs) chunks.push(...this.#unacknowledged.values())
    // No turn of the event loop takes long over it, and there are many of them.
    for (let left = CHUNKS_AT_ONCE_MAX; left > 0 && this.#hasRoom(settings); left -= 1) {
      const chunk = this.#cut(view, copy, settings)
      this.#unacknowledged.set(chunk.number, chunk)
      chunks.push(chunk)
    }
    if (chunks.length > 0) this.#sentMs = nowMs
    return chunks
  }

  #hasRoom({ chunksInFlightMax }: ReplicaSettings): boolean {
    return !this.#finished && this.#unacknowledged.size < chunksInFlightMax
  }

  #cut(view: View, copy: Copy, { chunkRowsMax, chunkBytesMax }: ReplicaSettings): Chunk {
    const rows: SnapshotRow[] = []
    let bytes = 0
    while (rows.length < chunkRowsMax && bytes < chunkBytesMax && !this.#finished) {
      const next = this.#rows.next()
      if (next.done) {
        this.#finished = true
        break
      }
      rows.push(next.value)
      bytes += bytesOf(next.value)
    }
    const number = this.#number
    this.#number += 1
    return {
      type: 'chunk',
      admission: this.#id,
      number,
      view,
      rows,
      base: number === 0 ? this.base : undefined,
      writers: number === 0 ? copy.outcomes.records() : undefined,
      wholeFrom: this.#finished ? copy.applied : undefined,
    }
  }
}

/** One process on its way into the view: a snapshot if need be, then the log, then rule 5. */
export class Admission {
  readonly member: Member
  progress: Progress
  readonly #id: number
  readonly #settings: ReplicaSettings
  readonly #transfer: Transfer | undefined
  /** Rule 5: the view with it may be installed from now on, so nothing is committed without it. */
  counts = false

  /** `id` grows with each admission of one primary. */
  constructor(
    id: number,
    member: Member,
    holds: Position | undefined,
    copy: Copy,
    settings: ReplicaSettings,
    nowMs: number,
  ) {
    this.#id = id
    this.member = member
    this.#settings = settings
    if (holds === undefined) this.#transfer = new Transfer(id, copy, nowMs)
    const from = holds ?? this.#transfer?.base
    assert.ok(from !== undefined)
    this.progress = new Progress(member, from.index + 1, settings, nowMs, id)
    // What it will need is kept.
    this.progress.applied = from.index
  }

  get isCopied(): boolean {
    return this.#transfer === undefined || this.#transfer.isDone
  }

  /** Goes on in the next view of the same primary: what is copied stays, the log has to be matched anew. */
  renew(nowMs: number): void {
    const { applied } = this.progress
    this.progress = new Progress(this.member, applied + 1, this.#settings, nowMs, this.#id)
    this.progress.applied = applied
  }

  chunkTaken(admission: number, number: number, nowMs: number): void {
    if (admission !== this.#id) return
    this.#transfer?.taken(number)
    this.progress.heardMs = nowMs
  }

  chunks(view: View, copy: Copy, nowMs: number): Chunk[] {
    return this.#transfer?.next(view, copy, this.#settings, nowMs) ?? []
  }
}
