import type { Member, MemberEvent } from './members.ts'

const stopMs = 8000

/** A step of the demo did not go as told. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
}

export interface UntilInit {
  /** What was waited for, for the message when it did not happen in time. */
  awaited: () => string
  limitMs: number
  signal: AbortSignal
}

/** All processes that the demo started, and what they report. */
export class ClusterMembers {
  readonly #members = new Map<string, Member>()
  readonly #listeners = new Set<(member: Member, event: MemberEvent) => void>()

  /** To be given to each member, as its observer. */
  readonly observe = (member: Member, event: MemberEvent): void => {
    for (const listener of [...this.#listeners]) listener(member, event)
  }

  /** A member of the same name is replaced: that is a node which was started again. */
  add<M extends Member>(member: M): M {
    this.#members.set(member.name, member)
    return member
  }

  remove(member: Member): void {
    if (this.#members.get(member.name) === member) this.#members.delete(member.name)
  }

  get all(): Member[] {
    return [...this.#members.values()]
  }

  /** Those that have not ended. */
  get alive(): Member[] {
    return this.all.filter((member) => member.ended === undefined)
  }

  /** @returns a function that ends it */
  listen(listener: (member: Member, event: MemberEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Resolves as soon as the condition holds; it is looked at whenever a member reports something.
   *
   * @throws StepFailed when a member ends that was not meant to, or after `limitMs`
   * @throws the signal's reason
   */
  until(condition: () => boolean, { awaited, limitMs, signal }: UntilInit): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        stopListening()
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        finish()
      }
      const onAbort = (): void => settle(() => reject(signal.reason))
      const look = (): void => {
        const lost = this.all.find((member) => member.endedUnexpectedly)
        if (lost) settle(() => reject(new StepFailed(`${lost.name} ended ${lost.ended}, which nobody asked for`)))
        else if (condition()) settle(resolve)
      }
      const timer = setTimeout(
        () => settle(() => reject(new StepFailed(`after ${limitMs / 1000} s still not: ${awaited()}`))),
        limitMs,
      )
      const stopListening = this.listen(look)
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
      else look()
    })
  }

  /** Ends every process, politely first. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((member) => member.stop(stopMs)))
  }

  /** Ends every process at once. */
  kill(): void {
    for (const member of this.alive) member.kill()
  }
}
