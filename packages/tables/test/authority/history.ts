import assert from 'node:assert/strict'
import type { StartedAuthority, View } from '@tiebeam/tables'
import { TablesError } from '@tiebeam/tables'

type Outcome =
  | { readonly type: 'read' | 'installed' | 'stands'; readonly view: View | undefined }
  | { readonly type: 'unknown' }

interface Call {
  readonly process: number
  readonly what: string
  /** What was to be installed. */
  readonly next: View | undefined
  readonly began: number
  ended: number
  outcome: Outcome
}

/** All calls of all processes, with what they were told, and what follows of that. */
export class History {
  readonly calls: Call[] = []
  #clock = 0

  async read(process: number, authority: StartedAuthority): Promise<View | undefined> {
    const outcome = await this.#record(process, 'read', undefined, async () => ({
      type: 'read',
      view: await authority.read(),
    }))
    return outcome.type === 'unknown' ? undefined : outcome.view
  }

  async install(process: number, authority: StartedAuthority, next: View): Promise<Outcome> {
    const what = `install ${next.epoch}`
    return this.#record(process, what, next, () => authority.install(next, next.epoch - 1))
  }

  count(type: Outcome['type']): number {
    return this.calls.filter(({ outcome }) => outcome.type === type).length
  }

  async #record(process: number, what: string, next: View | undefined, run: () => Promise<Outcome>): Promise<Outcome> {
    const call: Call = { process, what, next, began: ++this.#clock, ended: Infinity, outcome: { type: 'unknown' } }
    this.calls.push(call)
    try {
      call.outcome = await run()
    } catch (error) {
      if (!(error instanceof TablesError) || error.code !== 'AUTHORITY_UNKNOWN') throw error
    }
    call.ended = ++this.#clock
    return call.outcome
  }

  /**
   * One view for each epoch, proposed by someone who expected the one before; nobody told `installed` who was not; and nobody told of a view
   * older than one that was known when it asked.
   * @param final what stands in the end
   * @param isSpread whether the authority is spread over its users: where it refuses an install, it may show a view that was followed by
   * others already
   */
  check(final: View | undefined, isSpread = false): void {
    const winners = new Map<number, string>()
    const proposed = new Map<string, number>()
    for (const { next } of this.calls) if (next !== undefined) proposed.set(textOf(next), next.epoch)
    const seen = (view: View, by: Call | undefined): void => {
      const text = textOf(view)
      assert.ok(proposed.has(text), `nobody proposed ${text}, seen by ${JSON.stringify(by)}`)
      const other = winners.get(view.epoch) ?? text
      assert.equal(text, other, `two views of epoch ${view.epoch}, seen by ${JSON.stringify(by)}`)
      winners.set(view.epoch, text)
    }
    for (const call of this.calls) {
      const { outcome, next } = call
      if (outcome.type !== 'unknown' && outcome.view !== undefined) seen(outcome.view, call)
      if (outcome.type === 'installed') assert.equal(textOf(outcome.view as View), textOf(next as View))
      if (outcome.type === 'stands') {
        assert.notEqual(
          outcome.view?.epoch ?? 0,
          (next as View).epoch - 1,
          `refused without a reason: ${JSON.stringify(call)}`,
        )
      }
    }
    if (final !== undefined) seen(final, undefined)
    this.#checkWinners(final?.epoch ?? 0, winners)
    this.#checkTimes(isSpread)
  }

  #checkWinners(last: number, winners: ReadonlyMap<number, string>): void {
    for (const epoch of winners.keys()) assert.ok(epoch <= last, `epoch ${epoch} was there, and ${last} stands`)
    for (let epoch = 1; epoch <= last; epoch += 1) {
      const told = this.calls.filter(({ outcome, next }) => outcome.type === 'installed' && next?.epoch === epoch)
      assert.ok(told.length <= 1, `${told.length} were told that they installed epoch ${epoch}`)
      if (winners.has(epoch)) continue
      const unknown = this.calls.some(({ outcome, next }) => outcome.type === 'unknown' && next?.epoch === epoch)
      assert.ok(unknown, `nobody can have installed epoch ${epoch}`)
    }
  }

  #checkTimes(isSpread: boolean): void {
    const byEnd = this.calls.filter(({ outcome }) => outcome.type !== 'unknown').toSorted((a, b) => a.ended - b.ended)
    const byBegin = byEnd.toSorted((a, b) => a.began - b.began)
    let known = 0
    let index = 0
    for (const call of byBegin) {
      if (isSpread && call.outcome.type === 'stands') continue
      for (; (byEnd[index]?.ended ?? Infinity) < call.began; index += 1) known = Math.max(known, epochOf(byEnd[index]))
      assert.ok(epochOf(call) >= known, `${JSON.stringify(call)} saw less than epoch ${known}, which was known before`)
    }
  }
}

function epochOf(call: Call | undefined): number {
  return call === undefined || call.outcome.type === 'unknown' ? 0 : (call.outcome.view?.epoch ?? 0)
}

function textOf(view: View): string {
  return JSON.stringify(view)
}
