import { setImmediate as turn } from 'node:timers/promises'
import {
  Atom,
  atom,
  type Down,
  Exit,
  ExitReason,
  type Node,
  type Pid,
  type Process,
  Tuple,
  tuple,
} from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import {
  type ChildInfo,
  type ChildSpec,
  ChildStartError,
  DynamicSupervisor,
  OtpError,
  type StaticInit,
  Supervisor,
} from '../../src/index.ts'
import type { Scenario, ScenarioChild, Step } from './scenario.ts'

const STRATEGIES = { one_for_one: 'oneForOne', one_for_all: 'oneForAll', rest_for_one: 'restForOne' } as const
const AUTO_SHUTDOWNS = { never: 'never', any_significant: 'anySignificant', all_significant: 'allSignificant' } as const

/** Runs a scenario in a supervisor of ours; the counterpart of `supervised.erl`. */
export class ScenarioRun {
  readonly trace: unknown[][] = []
  readonly #node: Node
  readonly #scenario: Scenario
  readonly #pids = new Map<string, Pid>()
  readonly #fail: Map<string, number>
  readonly #onDown = ({ target, reason }: Down): void => this.#ended(target as Pid, reason)
  #end: { readonly reason: unknown } | undefined
  #supervisorPid: Pid | undefined

  constructor(node: Node, scenario: Scenario) {
    this.#node = node
    this.#scenario = scenario
    this.#fail = new Map(Object.entries(scenario.fail))
  }

  async run(): Promise<unknown[][]> {
    this.#node.on('down', this.#onDown)
    const supervisor = await this.#start()
    if (supervisor !== undefined) {
      this.#supervisorPid = supervisor.pid as Pid
      this.#node.monitor(this.#supervisorPid)
      this.trace.push(['initialised'])
      for (const step of this.#scenario.steps) {
        if (!(await this.#step(step, supervisor))) break
      }
      await supervisor.stop()
      await waitFor(() => this.#end)
      this.trace.push(['end', text(this.#end?.reason)])
    }
    this.#node.off('down', this.#onDown)
    return this.trace
  }

  async #start(): Promise<Supervisor | DynamicSupervisor | undefined> {
    const { strategy, restartsMax, autoShutdown, children } = this.#scenario
    const limits = { restartsMax, withinMs: 3_600_000 }
    if (strategy === 'simple_one_for_one') return DynamicSupervisor.start(this.#node, limits)
    const init: StaticInit = {
      ...limits,
      strategy: STRATEGIES[strategy],
      autoShutdown: AUTO_SHUTDOWNS[autoShutdown],
      children: children.map((child) => this.#spec(child)),
    }
    try {
      return await Supervisor.start(this.#node, init)
    } catch (error) {
      if (!(error instanceof ChildStartError)) throw error
      const failed = tuple(atom('failed_to_start_child'), error.childId, (error.cause as Error as ExitReason).reason)
      this.trace.push(['end', text(tuple(atom('shutdown'), failed))])
      return undefined
    }
  }

  #spec({ id, restart, shutdown, type, significant, behaviour }: ScenarioChild): ChildSpec {
    const shutdownMs =
      shutdown === 'brutal_kill' ? 'brutalKill' : shutdown === 'infinity' ? Number.POSITIVE_INFINITY : shutdown
    const start = async (parent: Process) => {
      const failures = this.#fail.get(id) ?? 0
      if (failures > 0) {
        this.#fail.set(id, failures - 1)
        this.trace.push(['start_failed', id])
        throw new ExitReason(atom('no_luck'))
      }
      const pid = parent.spawnLink((self) => behave(self, parent.pid, behaviour), { trapExit: true })
      this.#pids.set(id, pid)
      this.#node.monitor(pid)
      this.trace.push(['started', id])
      return pid
    }
    return { id, restart, shutdownMs, type, significant, start }
  }

  #ended(pid: Pid, reason: unknown): void {
    if (this.#supervisorPid?.equals(pid)) this.#end = { reason }
    for (const [id, each] of this.#pids) {
      if (!each.equals(pid)) continue
      this.#pids.delete(id)
      this.trace.push(['ended', id, text(reason)])
    }
  }

  /** False when the supervisor has ended. */
  async #step(step: Step, supervisor: Supervisor | DynamicSupervisor): Promise<boolean> {
    if (step[0] === 'fail') {
      this.#fail.set(step[1], step[2])
      return true
    }
    this.trace.push(['step', ...step])
    try {
      await this.#carryOut(step, supervisor)
      await this.#settle(supervisor)
      return true
    } catch (error) {
      if (error instanceof OtpError && error.code === 'SUPERVISOR_STOPPED') return false
      throw error
    }
  }

  async #carryOut(step: Step, supervisor: Supervisor | DynamicSupervisor): Promise<void> {
    switch (step[0]) {
      case 'exit': {
        const pid = this.#pids.get(step[1])
        if (pid === undefined) return
        this.#node.send(pid, step[2] === 'bye' ? tuple(atom('shutdown'), atom('bye')) : atom(step[2]))
        await waitFor(() => !this.#node.isAlive(pid), { intervalMs: 0 })
        return
      }
      case 'kill':
        for (const pid of step[1].map((id) => this.#pids.get(id))) {
          if (pid !== undefined) this.#node.exit(pid, atom('kill'))
        }
        return
      case 'start':
        if (supervisor instanceof DynamicSupervisor && this.#pids.has(step[1].id)) return
        return this.#result(supervisor.startChild(this.#spec(step[1])), 'started')
      case 'terminate': {
        if (supervisor instanceof Supervisor) return this.#result(supervisor.terminateChild(step[1]), 'ok')
        const pid = this.#pids.get(step[1])
        return pid === undefined ? undefined : this.#result(supervisor.terminateChild(pid), 'ok')
      }
      case 'restart':
        return this.#result((supervisor as Supervisor).restartChild(step[1]), 'started')
      case 'delete':
        return this.#result((supervisor as Supervisor).deleteChild(step[1]), 'ok')
      case 'fail':
        return
    }
  }

  async #result(outcome: Promise<unknown>, success: string): Promise<void> {
    try {
      await outcome
      this.trace.push(['result', success])
    } catch (error) {
      if (!(error instanceof OtpError) || error.code === 'SUPERVISOR_STOPPED') throw error
      this.trace.push([
        'result',
        RESULTS[error.code] ?? (error.message.includes('running') ? 'already_started' : 'already_present'),
      ])
    }
  }

  /** Until nothing is tried again. */
  async #settle(supervisor: Supervisor | DynamicSupervisor): Promise<void> {
    let children: readonly ChildInfo[]
    for (;;) {
      await turn()
      children = await supervisor.whichChildren()
      if (children.every(({ status }) => status !== 'restarting')) break
    }
    const shown = children.map(({ id, status, type }) => [
      supervisor instanceof Supervisor ? id : '',
      status === 'running',
      atom(type),
    ])
    this.trace.push(['children', shown.sort()])
    const { active, supervisors, workers } = await supervisor.countChildren()
    this.trace.push(['counts', active, supervisors, workers])
  }
}

const RESULTS: Readonly<Record<string, string>> = {
  CHILD_NOT_FOUND: 'not_found',
  CHILD_RUNNING: 'running',
  CHILD_RESTARTING: 'restarting',
  CHILD_START_FAILED: 'start_failed',
}

async function behave(self: Process, supervisor: Pid, behaviour: ScenarioChild['behaviour']): Promise<void> {
  for await (const message of self) {
    if (!(message instanceof Exit)) throw new ExitReason(message)
    if (!message.from.equals(supervisor)) continue
    if (behaviour === 'stubborn') continue
    if (behaviour === 'failing') throw new ExitReason(atom('oops'))
    if (behaviour === 'quitting') return
    if (behaviour === 'unlinking') {
      self.unlink(supervisor)
      throw new ExitReason(atom('gone'))
    }
    throw new ExitReason(message.reason)
  }
}

/** As Erlang prints it. */
function text(reason: unknown): string {
  if (reason instanceof Atom) return reason.name
  if (reason instanceof Tuple) return `{${reason.elements.map(text).join(',')}}`
  return `<<"${reason}">>`
}
