import { Node, type NodeInit } from '@tiebeam/distribution'
import {
  type Authority,
  type AuthorityKind,
  type EngineInit,
  MemoryAuthority,
  NodeEngine,
  type Outcome,
  Store,
} from '@tiebeam/tables'
import { freePort, loopback, RecordingLogger, type Scope, waitFor } from '@tiebeam/testing'

const TABLE = 'rows'

/** One register for all members of a process. */
export function memoryKind(authority: Authority = new MemoryAuthority()): AuthorityKind {
  return {
    kind: 'memory',
    start: async () => ({
      read: () => authority.read(),
      install: (next, expectedEpoch) => authority.install(next, expectedEpoch),
      stop: async () => {},
    }),
  }
}

export interface TestMember {
  readonly node: Node
  readonly engine: NodeEngine
  readonly logger: RecordingLogger
}

/** Nodes of this process at addresses of their own, connected to each other, each with an engine. */
export class TestCluster {
  readonly #scope: Scope
  readonly #port: number
  readonly members: TestMember[] = []

  static async create(scope: Scope): Promise<TestCluster> {
    return new TestCluster(scope, await freePort(loopback(1)))
  }

  private constructor(scope: Scope, port: number) {
    this.#scope = scope
    this.#port = port
  }

  /** Of all nodes. */
  nodeInit: Partial<NodeInit> = {}

  async startNode(index: number, logger = new RecordingLogger()): Promise<Node> {
    const name = `app@${loopback(index)}`
    const node = await Node.start({ name, cookie: 'tables', epmd: false, port: this.#port, logger, ...this.nodeInit })
    this.#scope.after(() => node.stop({ timeoutMs: 0 }))
    return node
  }

  /** Nodes that are connected to each other. */
  async startMesh(count: number): Promise<Node[]> {
    const nodes: Node[] = []
    for (let index = 1; index <= count; index += 1) {
      const node = await this.startNode(index)
      for (const other of nodes) await node.connect(other.name)
      nodes.push(node)
    }
    return nodes
  }

  async start(
    index: number,
    init: Omit<EngineInit, 'node' | 'createStore'> & Partial<Pick<EngineInit, 'createStore'>>,
  ): Promise<TestMember> {
    const logger = new RecordingLogger()
    const node = await this.startNode(index, logger)
    for (const { node: other } of this.members) await node.connect(other.name).catch(() => {})
    const engine = await NodeEngine.start({
      node,
      createStore: () => new Store({ [TABLE]: { ordered: true } }),
      ...init,
      // Joiners ask again soon, so that tests take less time.
      replica: { resendMs: 200, ...init.replica },
    })
    this.#scope.after(() => engine.stop({ timeoutMs: 0 }))
    const member = { node, engine, logger }
    this.members.push(member)
    return member
  }

  remove(member: TestMember): void {
    this.members.splice(this.members.indexOf(member), 1)
  }

  /** Ends a member as a crash does: nobody is told. */
  async crash(member: TestMember): Promise<void> {
    this.remove(member)
    await member.node.stop({ timeoutMs: 0 })
    await member.engine.stop({ timeoutMs: 0 })
  }

  async whole(count = this.members.length): Promise<void> {
    await waitFor(
      () => this.members.every(({ engine }) => engine.status.view?.members.length === count && isIn(engine)),
      {
        what: () => `a view of ${count} members: ${JSON.stringify(this.members.map(({ engine }) => engine.status))}`,
      },
    )
  }

  get primary(): TestMember {
    const primary = this.members.find(({ engine }) => engine.status.role === 'primary')
    if (primary === undefined) throw new Error('there is no primary')
    return primary
  }

  get backups(): TestMember[] {
    return this.members.filter(({ engine }) => engine.status.role === 'member')
  }
}

export function isIn({ status }: NodeEngine): boolean {
  return status.role === 'primary' || status.role === 'member'
}

export function put(engine: NodeEngine, key: string | number, value: unknown): Promise<Outcome> {
  return engine.begin().attempt({
    snapshot: engine.copy?.applied ?? 0,
    reads: [],
    writes: [{ type: 'put', table: TABLE, key, row: { key, value } }],
  })
}

export function get(engine: NodeEngine, key: string | number): unknown {
  return engine.copy?.store.get(TABLE, key)?.value
}
