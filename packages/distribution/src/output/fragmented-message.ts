import type { MessageWriter } from '../message/writer.ts'
import type { Item, Piece } from './output-scheduler.ts'

/** A large message; it is given its number when its first fragment leaves. */
export class FragmentedMessage implements Item {
  readonly #writer: MessageWriter
  readonly #frame: Piece
  readonly #frameBytes: number
  readonly #payloadAt: number
  #fragments: ReturnType<MessageWriter['fragments']> | undefined

  constructor(writer: MessageWriter, frame: Piece, payloadAt: number) {
    this.#writer = writer
    this.#frame = frame
    this.#frameBytes = frame.reduce((bytes, part) => bytes + part.length, 0)
    this.#payloadAt = payloadAt
  }

  get bytes(): number {
    return this.#fragments?.remainingBytes ?? this.#frameBytes
  }

  next(): Piece | undefined {
    this.#fragments ??= this.#writer.fragments(this.#frame, this.#payloadAt)
    return this.#fragments.next()
  }
}
