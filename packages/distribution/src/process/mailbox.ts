/**
 * Tells whether a message is wanted: a type guard (or anything that returns a boolean) takes the message as it is; a function that
 * returns a value takes the message and gives that value instead. `undefined` and `false` leave the message in the mailbox.
 */
export type Match<T> = (message: unknown) => T | boolean | undefined

/** A point in the order of arrival. Nothing that arrived before it matters to a receive that names it. */
export type Mark = number

/** Returned where there is no such message; a message itself may be `undefined`. */
export const NO_MESSAGE: unique symbol = Symbol('no message')

/** Taken from the middle, not yet squeezed out. */
const HOLE: unique symbol = Symbol('hole')
const SQUEEZE_AT = 64

/**
 * The messages of one process, in order of arrival. Taking the first costs a constant; taking a later one leaves a hole, and holes
 * are squeezed out when they are the greater part, so that a process with a long backlog can go on receiving selectively.
 */
export class Mailbox {
  #messages: unknown[] = []
  /** Where the first message stands; what is before it was taken. */
  #head = 0
  #holes = 0
  /**
   * index + this = the message's place in the order of arrival. Whatever is taken out makes it grow, so the place of a message may
   * grow with time but never shrinks: a mark may make a receive look at more messages than it must, never at fewer.
   */
  #removed = 0

  get length(): number {
    return this.#messages.length - this.#head - this.#holes
  }

  push(message: unknown): void {
    this.#messages.push(message)
  }

  /** The point after all messages that are here now. */
  mark(): Mark {
    return this.#removed + this.#messages.length
  }

  /** Takes the first message, or gives {@link NO_MESSAGE}. */
  shift(): unknown {
    const messages = this.#messages
    while (this.#head < messages.length) {
      const message = messages[this.#head]
      messages[this.#head++] = HOLE
      if (message === HOLE) {
        this.#holes--
        continue
      }
      if (this.#head === messages.length) this.#reset()
      else if (this.#head >= 1024 && this.#head * 2 > messages.length) this.#cut()
      return message
    }
    this.#reset()
    return NO_MESSAGE
  }

  /** Takes the first message from `after` on for which `match` gives something, and gives that; or {@link NO_MESSAGE}. */
  take<T>(match: Match<T>, after: Mark = 0): T | typeof NO_MESSAGE {
    const messages = this.#messages
    for (let index = Math.max(this.#head, after - this.#removed); index < messages.length; index++) {
      const message = messages[index]
      if (message === HOLE) continue
      const result = match(message)
      if (result === undefined || result === false) continue
      if (index === this.#head) this.shift()
      else this.#dig(index)
      return (result === true ? message : result) as T
    }
    return NO_MESSAGE
  }

  /** Takes all. */
  drain(): unknown[] {
    const all = this.#holes === 0 && this.#head === 0 ? this.#messages : this.#compact()
    this.#removed += this.#messages.length
    this.#messages = []
    this.#head = 0
    this.#holes = 0
    return all
  }

  #dig(index: number): void {
    const messages = this.#messages
    if (index === messages.length - 1) {
      messages.pop()
      this.#removed++
      return
    }
    messages[index] = HOLE
    this.#holes++
    if (this.#holes > SQUEEZE_AT && this.#holes * 2 > messages.length - this.#head) this.#squeeze()
  }

  #squeeze(): void {
    const before = this.#messages.length
    this.#messages = this.#compact()
    this.#removed += before - this.#messages.length
    this.#head = 0
    this.#holes = 0
  }

  #compact(): unknown[] {
    return this.#messages.slice(this.#head).filter((message) => message !== HOLE)
  }

  #cut(): void {
    this.#messages.splice(0, this.#head)
    this.#removed += this.#head
    this.#head = 0
  }

  #reset(): void {
    this.#removed += this.#messages.length
    // Small arrays are kept; the room of a large backlog goes back.
    if (this.#messages.length > 4096) this.#messages = []
    else this.#messages.length = 0
    this.#head = 0
    this.#holes = 0
  }
}
