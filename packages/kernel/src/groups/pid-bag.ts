import type { Pid } from '@tiebeam/distribution'

/** In larger bags the pids are counted by key as soon as one is taken out; in smaller ones a search is as fast. */
const SEARCHED_MAX = 64

interface Counted {
  readonly pid: Pid
  times: number
}

type Counts = Map<string, Counted>

/** Pids of which each may be there several times, in no order that means anything. */
export class PidBag {
  /** There may be very many bags, most of them of one pid, which then needs no array. */
  #content: Pid | Pid[] | Counts
  #size: number

  constructor(pids: readonly Pid[]) {
    this.#content = pids.length === 1 ? (pids[0] as Pid) : pids.slice()
    this.#size = pids.length
  }

  get size(): number {
    return this.#size
  }

  add(pid: Pid): void {
    this.#size++
    if (this.#content instanceof Map) count(this.#content, pid)
    else this.#asArray().push(pid)
  }

  /** Takes one of these pids out; false when there was none. */
  remove(pid: Pid): boolean {
    const isSearched = !(this.#content instanceof Map) && this.#size <= SEARCHED_MAX
    const removed = isSearched ? cut(this.#asArray(), pid) : uncount(this.#counts(), pid)
    if (removed) this.#size--
    return removed
  }

  appendTo(pids: Pid[]): void {
    const content = this.#content
    if (Array.isArray(content)) for (const pid of content) pids.push(pid)
    else if (content instanceof Map) appendCounted(content, pids)
    else pids.push(content)
  }

  toArray(): Pid[] {
    const content = this.#content
    if (Array.isArray(content)) return content.slice()
    if (!(content instanceof Map)) return [content]
    const pids: Pid[] = []
    appendCounted(content, pids)
    return pids
  }

  /** What would become more, and what less, if these were the content. */
  changesTo(pids: readonly Pid[]): { readonly joined: readonly Pid[]; readonly left: readonly Pid[] } {
    const joined: Pid[] = []
    const left: Pid[] = []
    if (!this.#isSame(pids)) {
      const before = countsOf(this.toArray())
      for (const pid of pids) if (!uncount(before, pid)) joined.push(pid)
      appendCounted(before, left)
    }
    return { joined, left }
  }

  /** Whether these are the same pids in the same order: what a second sync brings, mostly. */
  #isSame(pids: readonly Pid[]): boolean {
    const own = this.#content
    if (own instanceof Map || this.#size !== pids.length) return false
    if (!Array.isArray(own)) return isSamePid(own, pids[0] as Pid)
    return own.every((pid, at) => isSamePid(pid, pids[at] as Pid))
  }

  #asArray(): Pid[] {
    if (!Array.isArray(this.#content)) this.#content = this.toArray()
    return this.#content
  }

  #counts(): Counts {
    if (!(this.#content instanceof Map)) this.#content = countsOf(this.toArray())
    return this.#content
  }
}

function countsOf(pids: readonly Pid[]): Counts {
  const counts: Counts = new Map()
  for (const pid of pids) count(counts, pid)
  return counts
}

function count(counts: Counts, pid: Pid): void {
  const { key } = pid
  const counted = counts.get(key)
  if (counted === undefined) counts.set(key, { pid, times: 1 })
  else counted.times++
}

function uncount(counts: Counts, { key }: Pid): boolean {
  const counted = counts.get(key)
  if (counted === undefined) return false
  if (counted.times > 1) counted.times--
  else counts.delete(key)
  return true
}

function appendCounted(counts: Counts, pids: Pid[]): void {
  for (const { pid, times } of counts.values()) for (let n = 0; n < times; n++) pids.push(pid)
}

function cut(pids: Pid[], pid: Pid): boolean {
  const index = pids.findIndex((each) => isSamePid(each, pid))
  if (index >= 0) pids.splice(index, 1)
  return index >= 0
}

function isSamePid(a: Pid, b: Pid): boolean {
  return a === b || (a.id === b.id && a.serial === b.serial && a.creation === b.creation && a.node === b.node)
}
