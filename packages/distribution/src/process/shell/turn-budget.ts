/**
 * Messages that the processes of a node may take before the event loop must get its turn. Without such a limit two processes that
 * answer each other, or one that feeds itself, would keep timers and sockets (ticks!) waiting for ever: awaiting a message that is
 * already there takes no turn of the event loop.
 */
export class TurnBudget {
  readonly #messagesMax: number
  #left: number
  #turn: Promise<void> | undefined

  constructor(messagesMax: number) {
    this.#messagesMax = messagesMax
    this.#left = messagesMax
  }

  /** Spends one message. Undefined: go on. Otherwise wait for this first. */
  spend(): Promise<void> | undefined {
    if (this.#left-- > 0) {
      if (this.#turn === undefined) void this.#begin()
      return undefined
    }
    return this.#turn ?? this.#begin()
  }

  #begin(): Promise<void> {
    this.#turn = new Promise((resolve) => {
      setImmediate(() => {
        this.#left = this.#messagesMax
        this.#turn = undefined
        resolve()
      })
    })
    return this.#turn
  }
}
