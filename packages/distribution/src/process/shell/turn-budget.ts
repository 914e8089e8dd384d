/**
 * Lets the event loop have its turn after every so many messages that the processes of a node take. Without it two processes that answer
 * each other, or one that feeds itself, would keep timers and sockets (ticks!) waiting for ever: awaiting a message that is already
 * there takes no turn of the event loop.
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
    // Only when it is used up a turn is waited for: to notice every turn would cost each one a timer.
    if (this.#left > 0) {
      this.#left--
      return undefined
    }
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#left = this.#messagesMax
        this.#turn = undefined
        resolve()
      })
    })
    return this.#turn
  }
}
