import type { Pid } from '@tiebeam/distribution'

/** In larger bags the pids are counted by key as soon as one is taken out; in smaller ones a search is as fast. */
const SEARCHED_MAX = 64

interface Counted {
  readonly pid: Pid
  times: number
}

/** Pids of which each may be there several times, in no order that means anything. */
export class PidBag {
  /** Undefined once the pids are counted. */
  #pids: Pid[] | undefined
  #counts: Map<string, Counted> | undefined
  #size: number

  /** Takes over the array, which must not change from now on. */
  constructor(pids: Pid[]) {
    this.#pids = pids
    this.#size = pids.length
  }

  get size(): number {
    return this.#size
  }

  add(pid: Pid): void {
    this.#size++
    if (this.#counts !== undefined) count(this.#counts, pid)
    else this.#pids?.push(pid)
  }

  /** Takes one of these pids out; false when there was none. */
  remove(pid: Pid): boolean {
    const pids = this.#pids
    const removed = pids !== undefined && this.#size <= SEARCHED_MAX ? cut(pids, pid) : uncount(this.#counted(), pid)
    if (removed) this.#size--
    return removed
  }

  appendTo(pids: Pid[]): void {
    if (this.#pids !== undefined) for (const pid of this.#pids) pids.push(pid)
    else for (const { pid, times } of this.#counted().values()) for (let n = 0; n < times; n++) pids.push(pid)
  }

  toArray(): Pid[] {
    if (this.#pids !== undefined) return this.#pids.slice()
    const pids: Pid[] = []
    this.appendTo(pids)
    return pids
  }

  /** Takes over the array as the new content, and tells what became more and what became less. */
  replace(pids: Pid[]): { readonly joined: Pid[]; readonly left: Pid[] } {
    const joined: Pid[] = []
    const left: Pid[] = []
    if (!this.#isSame(pids)) {
      const before = countsOf(this.toArray())
      for (const pid of pids) if (!uncount(before, pid)) joined.push(pid)
      for (const { pid, times } of before.values()) for (let n = 0; n < times; n++) left.push(pid)
    }
    this.#pids = pids
    this.#counts = undefined
    this.#size = pids.length
    return { joined, left }
  }

  /** Whether these are the same pids in the same order: what a second sync brings, mostly. */
  #isSame(pids: readonly Pid[]): boolean {
    const own = this.#pids
    return own !== undefined && own.length === pids.length && own.every((pid, at) => isSamePid(pid, pids[at] as Pid))
  }

  #counted(): Map<string, Counted> {
    if (this.#counts === undefined) {
      this.#counts = countsOf(this.#pids ?? [])
      this.#pids = undefined
    }
    return this.#counts
  }
}

function countsOf(pids: readonly Pid[]): Map<string, Counted> {
  const counts = new Map<string, Counted>()
  for (const pid of pids) count(counts, pid)
  return counts
}

function count(counts: Map<string, Counted>, pid: Pid): void {
  const { key } = pid
  const counted = counts.get(key)
  if (counted === undefined) counts.set(key, { pid, times: 1 })
  else counted.times++
}

function uncount(counts: Map<string, Counted>, { key }: Pid): boolean {
  const counted = counts.get(key)
  if (counted === undefined) return false
  if (counted.times > 1) counted.times--
  else counts.delete(key)
  return true
}

function cut(pids: Pid[], pid: Pid): boolean {
  const index = pids.findIndex((each) => isSamePid(each, pid))
  if (index >= 0) pids.splice(index, 1)
  return index >= 0
}

function isSamePid(a: Pid, b: Pid): boolean {
  return a === b || (a.id === b.id && a.serial === b.serial && a.creation === b.creation && a.node === b.node)
}
