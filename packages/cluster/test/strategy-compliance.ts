import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { silentLogger } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import type { ListingSink, Strategy, StrategyContext } from '../src/index.ts'

/** What a test can do to the source that a strategy looks at. */
export interface StrategySource {
  readonly strategy: Strategy
  /** Own name. */
  readonly self: string
  /** Names that the source has at the start. */
  readonly names: readonly string[]
  /** Makes the source list these names; undefined when it never changes. */
  readonly change: ((names: readonly string[]) => void | Promise<void>) | undefined
  /** Makes the source give no answer, or answer again; undefined when it cannot fail. */
  readonly fail: ((failing: boolean) => void | Promise<void>) | undefined
}

/** What every strategy keeps to, whatever it looks at. Run by each strategy's test. */
export function testStrategy(kind: string, create: (t: TestContext) => Promise<StrategySource | undefined>): void {
  test(`${kind} lists all names, and what changes`, async (t) => {
    const source = await create(t)
    if (source === undefined) return
    const seen = observe(t, source)
    assert.deepEqual(await seen.names(), [...source.names].sort())
    if (source.change === undefined) return
    const other = source.names.slice(1)
    await source.change(other)
    assert.deepEqual(await seen.names(other.length), [...other].sort())
  })

  test(`${kind} says that it failed, and never that there is nobody, when its source gives no answer`, async (t) => {
    const source = await create(t)
    if (source?.fail === undefined) return
    const seen = observe(t, source)
    await seen.names()
    await source.fail(true)
    assert.ok((await seen.failure()) instanceof Error)
    await source.fail(false)
    assert.deepEqual(await seen.names(), [...source.names].sort())
  })

  test(`${kind} ends at once when it is told to`, async (t) => {
    const source = await create(t)
    if (source === undefined) return
    const { strategy } = source
    if (strategy.type === 'polled') {
      const abort = new AbortController()
      const reason = new Error('The cluster stops.')
      abort.abort(reason)
      await assert.rejects(async () => strategy.list({ ...contextOf(source), signal: abort.signal }), reason)
      return
    }
    let told = 0
    const count = (): void => {
      told += 1
    }
    const subscription = strategy.watch(contextOf(source), { listed: count, failed: count })
    await subscription.stop()
    const before = told
    await source.change?.([])
    subscription.refresh?.()
    await turn()
    assert.equal(told, before)
  })

  test(`${kind} names itself`, async (t) => {
    assert.equal((await create(t))?.strategy.kind ?? kind, kind)
  })
}

function contextOf({ self }: StrategySource): StrategyContext {
  return { self, localAddresses: () => [], logger: silentLogger }
}

/** The next listing or failure of a strategy, polled or pushed. */
function observe(t: TestContext, source: StrategySource) {
  const { strategy } = source
  const context = contextOf(source)
  if (strategy.type === 'polled') {
    const list = (): Promise<readonly string[]> => strategy.list({ ...context, signal: new AbortController().signal })
    // A source that is slow for once is as good as one that gives no answer: the cluster asks again, too.
    const listed = () => list().catch(() => undefined)
    return {
      names: async (_count?: number) => [...(await waitFor(listed))].sort(),
      failure: () =>
        list().then(
          () => undefined,
          (error: unknown) => error,
        ),
    }
  }
  let last: readonly string[] = []
  let error: unknown
  const sink: ListingSink = {
    listed: (names) => {
      last = names
    },
    failed: (cause) => {
      error = cause
    },
  }
  const subscription = strategy.watch(context, sink)
  t.after(() => subscription.stop())
  return {
    names: async (count = source.names.length) => {
      while (last.length !== count) await turn()
      return [...last].sort()
    },
    failure: async () => {
      while (error === undefined) await turn()
      return error
    },
  }
}
