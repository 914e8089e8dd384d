import { setTimeout as sleep } from 'node:timers/promises'
import type { Node } from '@tiebeam/distribution'
import { members } from '@tiebeam/tables'
import type { Random, Scope } from '@tiebeam/testing'
import { TestCluster } from '../../node/cluster.ts'
import { authorityCompliance } from '../compliance.ts'

/** Longer than any answer takes, for a node that does answer. */
const ANSWER_MS = 60_000
/** Until an answer that will not come is given up. */
const PATIENCE_MS = 150
const PROCESSES = 4
const SHARE = 0.3

const faults = ['delay', 'dropQuestion', 'dropAnswer', 'tooLate', 'repeat', 'echo'] as const

/** Mistreats what some nodes ask each other. */
class Disturbance {
  readonly met = new Map<string, number>()
  readonly #late = new Set<Promise<unknown>>()
  random: Random | undefined

  /** The node as it is, except for its questions. */
  over(node: Node): Node {
    return new Proxy(node, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target)
        if (typeof value !== 'function') return value
        const call = value.bind(target) as (...given: unknown[]) => Promise<unknown>
        return property === 'ask' ? (...given: unknown[]) => this.#mistreat(() => call(...given)) : call
      },
    })
  }

  async calm(): Promise<void> {
    this.random = undefined
    while (this.#late.size > 0) await Promise.allSettled(this.#late)
  }

  async #mistreat(ask: () => Promise<unknown>): Promise<unknown> {
    const { random } = this
    if (random === undefined || !random.chance(SHARE)) return ask()
    const fault = random.pick(faults)
    this.met.set(fault, (this.met.get(fault) ?? 0) + 1)
    switch (fault) {
      case 'delay':
        await sleep(random.integer(30))
        return ask()
      case 'repeat':
        await ask()
        return ask()
      case 'echo':
        this.#later(ask)
        return ask()
      case 'dropAnswer':
        await ask()
        break
      case 'tooLate':
        this.#later(ask)
        break
      case 'dropQuestion':
        break
    }
    await sleep(PATIENCE_MS)
    throw new Error('no answer')
  }

  #later(ask: () => Promise<unknown>): void {
    const late = sleep(PATIENCE_MS * (0.5 + Math.random() * 2))
      .then(ask)
      .catch(() => {})
      .finally(() => this.#late.delete(late))
    this.#late.add(late)
  }
}

async function startNodes(scope: Scope): Promise<Node[]> {
  const cluster = await TestCluster.create(scope)
  const nodes: Node[] = []
  for (let index = 1; index <= PROCESSES; index += 1) {
    const node = await cluster.startNode(index)
    for (const other of nodes) await node.connect(other.name)
    nodes.push(node)
  }
  return nodes
}

authorityCompliance({
  name: 'members',
  fixture: async (scope) => {
    const disturbance = new Disturbance()
    const nodes = (await startNodes(scope)).map((node) => disturbance.over(node))
    return {
      kinds: nodes.map(() => members({ answerMs: ANSWER_MS })),
      nodes,
      disturb: (random) => {
        disturbance.random = random
      },
      calm: () => disturbance.calm(),
      report: () => JSON.stringify(Object.fromEntries(disturbance.met)),
    }
  },
})
