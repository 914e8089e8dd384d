import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, Pid, Tuple, tuple } from '@tiebeam/etf'
import { freePort, requirePeer, type Scope, type Skippable, startErl } from '@tiebeam/testing'
import { Node } from '../../src/node.ts'
import type { Process } from '../../src/process/process.ts'
import { recordedNode } from './recordings.ts'

const { name, cookie } = recordedNode
const healthyTiebeam = 'healthy@127.250.0.3'
const healthyOtp = 'otp-healthy@127.250.0.4'

/** The node that is attacked, with connections to peers that behave, over which round trips go on all the time. */
export class LiveNode {
  readonly node: Node
  readonly port: number
  readonly host = name.split('@')[1] ?? ''
  readonly healthy: readonly string[]
  readonly roundTrips = new Map<string, number>()
  readonly #lost: string[] = []
  #stopped = false

  constructor(node: Node, port: number, healthy: readonly string[]) {
    this.node = node
    this.port = port
    this.healthy = healthy
    node.on('nodedown', (event) => {
      if (healthy.includes(event.name) && !this.#stopped) this.#lost.push(`${event.name}: ${event.reason}`)
    })
    for (const peer of healthy) this.#keepAsking(peer)
  }

  /** Waits until every healthy peer has answered again, and checks that no connection to one was ever lost. */
  async assertUnharmed(): Promise<void> {
    const before = new Map(this.roundTrips)
    for (const peer of this.healthy) {
      for (let waited = 0; this.roundTrips.get(peer) === before.get(peer); waited += 1) {
        assert.deepEqual(this.#lost, [], 'connections to healthy peers were harmed')
        assert.ok(waited < 6_000, `${peer} no longer answers`)
        await sleep(10)
      }
    }
    assert.deepEqual(this.#lost, [], 'connections to healthy peers were harmed')
    for (const peer of this.healthy) assert.ok(this.node.nodes('connected').includes(peer), `${peer} is not connected`)
  }

  /** The healthy peers may be gone already. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.node.stop()
  }

  #keepAsking(peer: string): void {
    const ask = async (self: Process) => {
      try {
        for (let number = 1; !this.#stopped; number += 1) {
          self.send({ name: 'echo', node: peer }, tuple(atom('ping'), self.pid, number))
          // What an attacker sends may reach this process, too.
          const isAnswer = (message: unknown) => message instanceof Tuple && message.at(1) === number
          await self.receive({ match: isAnswer, timeoutMs: 60_000 })
          this.roundTrips.set(peer, number)
          await sleep(5)
        }
      } catch (error) {
        if (!this.#stopped) this.#lost.push(`${peer}: ${error}`)
      }
    }
    this.node.spawn(ask, { trapExit: true })
  }
}

/** Starts the node and its healthy peers: a Tiebeam node, and a real OTP node where there is one. */
export async function startLiveNode(t: Scope & Skippable): Promise<LiveNode> {
  const port = await freePort()
  // All nodes have the same port at addresses of their own, and no EPMD: what is attacked here is the distribution port.
  const init = { cookie, port, epmd: false } as const
  const node = await Node.start({ ...init, name })
  // Requests for processes and calls are to get as far as they can.
  node.serveCalls({ spawn: () => () => {}, call: async () => 'called' })
  const tiebeam = await Node.start({ ...init, name: healthyTiebeam })
  spawnEcho(node)
  spawnEcho(tiebeam)
  await node.connect(healthyTiebeam)
  const healthy = [healthyTiebeam]
  if (requirePeer(t, 'erl')) {
    const otp = await startErl(t, { name: healthyOtp, cookie, epmd: false, args: ['-erl_epmd_port', String(port)] })
    const loop = 'fun Loop() -> receive {ping, From, Number} -> From ! {pong, Number}, Loop() end end'
    await otp.evaluate(`register(echo, spawn(${loop}))`)
    await node.connect(healthyOtp)
    healthy.push(healthyOtp)
  }
  const live = new LiveNode(node, port, healthy)
  t.after(async () => {
    await live.stop()
    await tiebeam.stop()
  })
  return live
}

function spawnEcho(node: Node): Pid {
  return node.spawn(
    async (self) => {
      for await (const message of self) {
        if (!(message instanceof Tuple)) continue
        const [, from, number] = message.elements
        if (from instanceof Pid) self.send(from, tuple(atom('pong'), number))
      }
    },
    { name: 'echo', trapExit: true },
  )
}
