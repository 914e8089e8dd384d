/**
 * Histories of transactions that append to lists and read them, as Elle's list-append has them: a list that was read names all writes
 * before it, in their order, so that strict serializability can be checked in linear time.
 */

/** Within one transaction a key is read first and appended to after. */
interface Step {
  readonly key: string
  readonly append: number | undefined
  /** What was read; undefined while it is not known. */
  readonly read?: readonly number[] | undefined
}

export interface Operation {
  /** Which client; it does one thing after the other. */
  readonly client: string
  /** By a clock that all processes share, in nanoseconds. */
  readonly invokedNs: bigint
  /** Undefined while it is not known to have ended. */
  readonly returnedNs: bigint | undefined
  /** `unknown`: it may have taken place. */
  readonly outcome: 'ok' | 'failed' | 'unknown'
  readonly steps: readonly Step[]
}

interface Cell {
  readonly operation: Operation
  readonly edges: Set<number>
}

/** What is wrong with a history; empty when it is strictly serializable and holds all that was acknowledged. `final`: the lists at the end. */
export function violationsOf(
  operations: readonly Operation[],
  final: ReadonlyMap<string, readonly number[]>,
): string[] {
  const problems: string[] = []
  const writers = new Map<string, number>()
  for (const [index, { steps }] of operations.entries()) {
    for (const { key, append } of steps) if (append !== undefined) writers.set(`${key} ${append}`, index)
  }
  checkFinal(operations, final, writers, problems)
  const cells: Cell[] = operations.map((operation) => ({ operation, edges: new Set() }))
  for (const [index, operation] of operations.entries()) {
    if (operation.outcome !== 'ok') continue
    for (const step of operation.steps) orderBy(step, index, final, writers, cells, problems)
  }
  for (const [key, list] of final) {
    for (let place = 1; place < list.length; place += 1) {
      const [before, after] = [writers.get(`${key} ${list[place - 1]}`), writers.get(`${key} ${list[place]}`)]
      if (before !== undefined && after !== undefined && before !== after) cells[before]?.edges.add(after)
    }
  }
  const cycle = findCycle(cells)
  if (cycle !== undefined)
    problems.push(`no order explains: ${cycle.map((one) => JSON.stringify(one, withBigints)).join(' → ')}`)
  return problems
}

function checkFinal(
  operations: readonly Operation[],
  final: ReadonlyMap<string, readonly number[]>,
  writers: ReadonlyMap<string, number>,
  problems: string[],
): void {
  for (const [key, list] of final) {
    if (new Set(list).size !== list.length) problems.push(`${key} holds a value twice: ${list.join()}`)
    for (const value of list) {
      const writer = writers.get(`${key} ${value}`)
      if (writer === undefined) problems.push(`nobody appended ${value} to ${key}`)
      else if (operations[writer]?.outcome === 'failed')
        problems.push(`${value} at ${key} is of a transaction that failed`)
    }
  }
  const held = new Map([...final].map(([key, list]) => [key, new Set(list)] as const))
  for (const { outcome, steps } of operations) {
    if (outcome !== 'ok') continue
    for (const { key, append } of steps) {
      if (append !== undefined && held.get(key)?.has(append) !== true)
        problems.push(`${append} at ${key} was acknowledged, and is lost`)
    }
  }
}

/** Whoever wrote what was read comes before, and whoever wrote the next value after. */
function orderBy(
  { key, read }: Step,
  reader: number,
  final: ReadonlyMap<string, readonly number[]>,
  writers: ReadonlyMap<string, number>,
  cells: readonly Cell[],
  problems: string[],
): void {
  const list = final.get(key) ?? []
  if (read === undefined || read.some((value, place) => value !== list[place])) {
    problems.push(`${key} was read as ${read?.join()}, which is no beginning of ${list.join()}`)
    return
  }
  const before = writers.get(`${key} ${read.at(-1)}`)
  const after = writers.get(`${key} ${list[read.length]}`)
  if (before !== undefined && before !== reader) cells[before]?.edges.add(reader)
  if (after !== undefined && after !== reader) cells[reader]?.edges.add(after)
}

/**
 * Looks for a cycle of what follows on what, by what was read and by time: an operation that returned before another was invoked comes
 * before it. The returns, in their order, are cells of their own, so that there are few edges.
 */
function findCycle(cells: readonly Cell[]): Operation[] | undefined {
  const count = cells.length
  const returns = [...cells.entries()]
    .filter(([, { operation }]) => operation.outcome === 'ok' && operation.returnedNs !== undefined)
    .toSorted(([, left], [, right]) =>
      compare(left.operation.returnedNs as bigint, right.operation.returnedNs as bigint),
    )
  const edges: number[][] = cells.map(({ edges: each }) => [...each])
  const times: bigint[] = []
  for (const [place, [index, { operation }]] of returns.entries()) {
    edges[index]?.push(count + place)
    edges.push(place + 1 < returns.length ? [count + place + 1] : [])
    times.push(operation.returnedNs as bigint)
  }
  for (const [index, { operation }] of cells.entries()) {
    const place = countBefore(times, operation.invokedNs) - 1
    if (place >= 0 && operation.outcome !== 'failed') edges[count + place]?.push(index)
  }
  const left = remainsOfSorting(edges)
  if (left.size === 0) return undefined
  return shortCycle(edges, left).flatMap((index) => cells[index]?.operation ?? [])
}

/** What cannot be put into an order: all that is on a cycle, or behind one. */
function remainsOfSorting(edges: readonly (readonly number[])[]): Set<number> {
  const waits = edges.map(() => 0)
  for (const targets of edges) for (const target of targets) waits[target] = (waits[target] ?? 0) + 1
  const free = [...waits.keys()].filter((index) => waits[index] === 0)
  const left = new Set(edges.keys())
  for (let index = free.pop(); index !== undefined; index = free.pop()) {
    left.delete(index)
    for (const target of edges[index] ?? []) {
      const waiting = (waits[target] ?? 0) - 1
      waits[target] = waiting
      if (waiting === 0) free.push(target)
    }
  }
  return left
}

/** Backwards from anywhere in what is left, one meets a cycle. */
function shortCycle(edges: readonly (readonly number[])[], left: ReadonlySet<number>): number[] {
  const before = new Map<number, number>()
  for (const index of left) for (const target of edges[index] ?? []) if (left.has(target)) before.set(target, index)
  const path: number[] = []
  const places = new Map<number, number>()
  let [at] = left
  while (at !== undefined && !places.has(at)) {
    places.set(at, path.length)
    path.push(at)
    at = before.get(at)
  }
  return path.slice(places.get(at as number)).reverse()
}

function countBefore(times: readonly bigint[], limit: bigint): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] as bigint) < limit) low = middle + 1
    else high = middle
  }
  return low
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function withBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

/** As Elle reads it (`elle-cli --model list-append`): EDN, one map a line. */
export function ednOf(operations: readonly Operation[]): string {
  const processes = processesOf(operations)
  const events = operations.flatMap((operation) => {
    const process = processes.get(operation) as number
    const invoked = { atNs: operation.invokedNs, process, type: ':invoke', value: mopsOf(operation, false) }
    const type = { ok: ':ok', failed: ':fail', unknown: ':info' }[operation.outcome]
    const returned = {
      atNs: operation.returnedNs ?? operation.invokedNs,
      process,
      type,
      value: mopsOf(operation, operation.outcome === 'ok'),
    }
    return [invoked, returned]
  })
  const lines = events
    .toSorted((left, right) => compare(left.atNs, right.atNs))
    .map(
      ({ atNs, process, type, value }, index) =>
        `{:index ${index}, :time ${atNs}, :process ${process}, :type ${type}, :f :txn, :value [${value}]}`,
    )
  return `${lines.join('\n')}\n`
}

/** A process does one thing after the other. One whose outcome is unknown may still be under way, so its client goes on as another. */
function processesOf(operations: readonly Operation[]): ReadonlyMap<Operation, number> {
  const processes = new Map<Operation, number>()
  const current = new Map<string, number>()
  let count = 0
  for (const operation of operations.toSorted((left, right) => compare(left.invokedNs, right.invokedNs))) {
    const { client, outcome } = operation
    const process = current.get(client) ?? count++
    processes.set(operation, process)
    if (outcome === 'unknown') current.delete(client)
    else current.set(client, process)
  }
  return processes
}

function mopsOf({ steps }: Operation, isKnown: boolean): string {
  return steps
    .flatMap(({ key, read, append }) => {
      const seen = isKnown ? `[${read?.join(' ') ?? ''}]` : 'nil'
      const reading = `[:r "${key}" ${seen}]`
      return append === undefined ? [reading] : [reading, `[:append "${key}" ${append}]`]
    })
    .join(' ')
}
