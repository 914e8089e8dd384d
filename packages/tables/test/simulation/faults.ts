import type { SimulatedProcess } from './process.ts'
import type { FaultKind } from './profile.ts'
import type { Simulation } from './simulation.ts'

/** One fault of a kind that the profile of the run weighs. Each ends by itself, or with the heal. */
export function injectFault(simulation: Simulation): void {
  const { random, profile } = simulation
  const weights = Object.entries(profile.faults) as [FaultKind, number][]
  let at = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [kind, weight] of weights) {
    at -= weight
    if (at >= 0) continue
    inject(simulation, kind)
    return
  }
}

function inject(simulation: Simulation, kind: FaultKind): void {
  const { random, network, nodes, living } = simulation
  const forMs = 20 + random.integer(random.chance(0.3) ? 1500 : 400)
  const primary = simulation.primary
  const victim = living.length > 0 ? random.pick(living) : undefined
  const [from, to] = random.shuffle(nodes)
  switch (kind) {
    case 'crash':
      crash(simulation, victim)
      return
    case 'crashPrimary':
      crash(simulation, primary)
      return
    case 'crashMany':
      for (const process of living) if (random.chance(0.7)) simulation.crash(process)
      return
    case 'pause':
      pause(simulation, victim, forMs)
      return
    case 'pausePrimary':
      pause(simulation, primary, forMs)
      return
    case 'isolate':
      isolate(simulation, victim?.node, forMs)
      return
    case 'isolatePrimary':
      isolate(simulation, primary?.node, forMs)
      return
    case 'cut':
      if (from !== undefined && to !== undefined) network.cutBothWays(from, to, forMs)
      return
    case 'cutOneWay':
      if (from !== undefined && to !== undefined) network.cut(from, to, forMs)
      return
    case 'slow':
      if (from !== undefined && to !== undefined) network.slow(from, to, forMs)
      return
    case 'slowAnswers':
      for (const process of living) {
        if (primary === undefined || process === primary || !process.replica.isMember) continue
        network.slow(process.node, primary.node, forMs)
      }
      return
    case 'lossy':
      if (from !== undefined && to !== undefined) network.lose(from, to, forMs)
      return
    case 'cutAuthority':
      if (from !== undefined) simulation.authority.cut(random.chance(0.5) && primary ? primary.node : from, forMs)
      return
    case 'scatter':
      if (primary !== undefined) scatter(simulation, primary.node)
      return
    case 'leave':
      if (victim?.replica.isMember) victim.leave()
      return
  }
}

/** What this node sends reaches only some, and soon nobody: the others are left with different tails. */
export function scatter(simulation: Simulation, node: string): void {
  const { random, network, queue, nodes } = simulation
  const forMs = 10 + random.integer(90)
  for (const other of nodes) if (random.chance(0.6)) network.cut(node, other, forMs)
  queue.after(forMs, () => {
    if (!simulation.isHealed) isolate(simulation, node, 100 + random.integer(300))
  })
}

/** Rarely the last one of the view, for then all is lost. */
function crash(simulation: Simulation, process: SimulatedProcess | undefined): void {
  if (process === undefined) return
  const view = simulation.authority.register.view
  const others = simulation.living.filter((one) => one !== process && view?.members.some(({ uid }) => uid === one.uid))
  if (others.length > 0 || simulation.random.chance(0.1)) simulation.crash(process)
}

function pause(simulation: Simulation, process: SimulatedProcess | undefined, forMs: number): void {
  if (process === undefined || process.isPaused) return
  process.pause()
  simulation.coverage.add('pause')
  simulation.queue.after(forMs, () => {
    if (process.isPaused) process.resume()
  })
}

function isolate(simulation: Simulation, node: string | undefined, forMs: number): void {
  if (node === undefined) return
  for (const other of simulation.nodes) if (other !== node) simulation.network.cutBothWays(node, other, forMs)
  if (simulation.random.chance(0.3)) simulation.authority.cut(node, forMs)
}
