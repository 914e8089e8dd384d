import assert from 'node:assert/strict'
import { atom, Pid } from '@tiebeam/distribution'
import type { Random } from '@tiebeam/testing'
import type { ChildSpec } from '../../src/index.ts'
import type { Answer, Operation, SupervisionEffect } from '../../src/supervisor/events.ts'
import { type CheckedSpec, checkedSpec, type Settings } from '../../src/supervisor/settings.ts'
import { Supervision } from '../../src/supervisor/supervision.ts'

const IDS = ['a', 'b', 'c', 'd']
const SHUTDOWN = atom('shutdown')
const KILLED = atom('killed')

/** What becomes of a process that was told to end, but has not yet. */
interface SimulatedProcess {
  readonly pid: Pid
  told: 'shutdown' | 'kill' | undefined
}

/**
 * The children of a supervisor that take their time: they start, fail, end and ignore what they are told as chance has it. It checks what a
 * supervisor may never do.
 */
export class SimulatedWorld {
  readonly #random: Random
  readonly #settings: Settings
  readonly #supervision: Supervision<number>
  readonly #living = new Map<string, SimulatedProcess>()
  readonly #unanswered = new Set<number>()
  readonly #retries: (string | number)[] = []
  #starting = false
  #timer = false
  #nowMs = 0
  #pids = 0
  #requests = 0
  #stopping = false
  #ending: SimulatedProcess | undefined
  #initialised = false
  ended = false

  constructor(random: Random, dynamic: boolean) {
    this.#random = random
    const strategy = dynamic ? 'dynamic' : random.pick(['oneForOne', 'oneForAll', 'restForOne'] as const)
    const children = dynamic ? [] : IDS.slice(0, random.integer(5)).map((id) => this.#spec(id))
    const childrenMax = dynamic ? 3 : Number.POSITIVE_INFINITY
    const autoShutdown = 'anySignificant'
    this.#settings = {
      strategy,
      children,
      childrenMax,
      autoShutdown,
      restartsMax: random.integer(6),
      withinMs: 100,
      requestsMax: 5,
    }
    this.#supervision = new Supervision(this.#settings)
  }

  run(steps: number): void {
    this.#carryOut(this.#supervision.begin(0))
    for (let step = 0; step < steps && !this.ended; step++) this.#step()
    if (!this.ended) this.#stop()
    // Everything that can still happen, happens; then it must have ended.
    for (let step = 0; step < 1_000 && !this.ended; step++) this.#step(true)
    assert.ok(this.ended, 'a supervisor that is told to stop ends')
    assert.deepEqual([...this.#unanswered], [], 'every request is answered')
    assert.deepEqual([...this.#living.keys()], [], 'no child outlives its supervisor')
  }

  #spec(id: string): CheckedSpec {
    const random = this.#random
    const spec: ChildSpec = {
      id,
      start: () => Promise.reject(new Error('simulated')),
      restart: random.pick(['permanent', 'transient', 'temporary']),
      shutdownMs: random.pick([10, 20, 'brutalKill']),
    }
    return checkedSpec(random.chance(0.1) ? { ...spec, restart: 'temporary', significant: true } : spec)
  }

  #step(ending = false): void {
    const random = this.#random
    this.#nowMs += random.integer(10)
    const mortal = [...this.#living.values()].filter(({ told }) => told !== undefined || !ending)
    const choices: (() => void)[] = []
    if (this.#starting) choices.push(() => this.#endStart())
    if (mortal.length > 0) choices.push(() => this.#endProcess(random.pick(mortal)))
    if (this.#timer) choices.push(() => this.#fire())
    if (this.#retries.length > 0)
      choices.push(() => this.#handle({ type: 'retry', key: this.#retries.shift() as string }))
    if (!ending) choices.push(() => this.#request())
    if (!ending && random.chance(0.02)) choices.push(() => this.#stop())
    if (choices.length > 0) random.pick(choices)()
  }

  #stop(): void {
    this.#stopping = true
    // Whoever was being ended until now may have to wait.
    this.#ending = undefined
    this.#handle(this.#random.chance(0.2) ? { type: 'killAll' } : { type: 'stop', reason: SHUTDOWN })
  }

  #request(): void {
    const client = this.#requests++
    this.#unanswered.add(client)
    this.#handle({ type: 'request', client, operation: this.#operation() })
  }

  #operation(): Operation {
    const random = this.#random
    const id = random.pick(IDS)
    const pids = [...this.#living.values()].map(({ pid }) => pid)
    const child = this.#settings.strategy === 'dynamic' && pids.length > 0 ? random.pick(pids) : id
    return random.pick<Operation>([
      { type: 'startChild', spec: this.#spec(id) },
      { type: 'terminateChild', child },
      { type: 'restartChild', child },
      { type: 'deleteChild', child },
      { type: 'whichChildren' },
      { type: 'countChildren' },
    ])
  }

  #endStart(): void {
    this.#starting = false
    if (this.#random.chance(0.2)) {
      this.#handle({ type: 'startFailed', error: new Error('no luck') })
      return
    }
    const pid = new Pid('simulated@host', this.#pids++, 0, 4)
    this.#living.set(pid.key, { pid, told: undefined })
    this.#handle({ type: 'started', pid })
  }

  #endProcess({ pid, told }: SimulatedProcess): void {
    this.#living.delete(pid.key)
    const reason = told === 'kill' ? KILLED : this.#random.pick([SHUTDOWN, atom('normal'), atom('crash')])
    this.#handle({ type: 'exited', pid, reason })
    // Its link and its monitor both tell of it.
    if (this.#random.chance(0.3)) this.#handle({ type: 'exited', pid, reason })
  }

  #fire(): void {
    this.#timer = false
    this.#handle({ type: 'timeout' })
  }

  #handle(event: Parameters<Supervision<number>['handle']>[0]): void {
    this.#carryOut(this.#supervision.handle(event, this.#nowMs))
  }

  #carryOut(effects: readonly SupervisionEffect<number>[]): void {
    for (const effect of effects) {
      assert.ok(!this.ended, 'nothing is done after the end')
      this.#carryOutOne(effect)
    }
  }

  #carryOutOne(effect: SupervisionEffect<number>): void {
    switch (effect.type) {
      case 'start':
        assert.ok(!this.#starting, 'one start at a time')
        assert.ok(!this.#stopping, 'nothing is started by a supervisor that is to stop')
        this.#starting = true
        return
      case 'exit': {
        const process = this.#living.get(effect.pid.key)
        // Told to a process that has ended, as it may be.
        if (process === undefined) return
        if (effect.reason === 'shutdown') this.#checkTurn(process)
        process.told = effect.reason
        return
      }
      case 'timer':
        assert.ok(!this.#timer, 'one timer at a time')
        this.#timer = true
        return
      case 'cancelTimer':
        this.#timer = false
        return
      case 'retry':
        this.#retries.push(effect.key)
        return
      case 'reply':
        assert.ok(this.#unanswered.delete(effect.client), 'one answer for each request')
        this.#checkAnswer(effect.answer)
        return
      case 'end':
        this.ended = true
        this.#checkEnd()
        return
      case 'initialised':
        assert.ok(!this.#initialised)
        this.#initialised = true
        return
      case 'abortStart':
      case 'report':
        return
    }
  }

  /** Static children are told to shut down one after the other. */
  #checkTurn(process: SimulatedProcess): void {
    if (this.#settings.strategy === 'dynamic') return
    const before = this.#ending
    this.#ending = process
    if (before === undefined || before === process) return
    assert.ok(!this.#living.has(before.pid.key), 'the one before has ended')
  }

  #checkAnswer(answer: Answer): void {
    if (answer.type === 'children') {
      const running = answer.children.filter(({ status }) => status === 'running').length
      assert.ok(running <= this.#settings.childrenMax)
    }
  }

  #checkEnd(): void {
    // What was being started when it was given up is ended by its link.
    this.#starting = false
    for (const { told, pid } of this.#living.values()) if (told === 'kill') this.#living.delete(pid.key)
  }
}
