/** A Tiebeam node of the scenarios. Its one argument is a `TiebeamInit`; the end of standard input is its end. */
import { readdirSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { getHeapSnapshot, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Logger, Node } from '@tiebeam/distribution'
import { GlobalNames } from '@tiebeam/kernel'
import { Cluster, KubernetesDns } from '../../../src/index.ts'
import type { Counts, TiebeamInit, TiebeamLine, TiebeamQuestion } from './tiebeam-protocol.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const init = JSON.parse(process.argv[2] ?? '') as TiebeamInit
const { name, cookie, netTickTimeMs, service, nameServer } = init

function print(line: TiebeamLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const atMs = (): number => performance.timeOrigin + performance.now()

const log = (first: unknown, message?: string): void =>
  print({ type: 'log', message: `${atMs()} ${message ?? String(first)}` })
const silent = (): void => {}
const logger: Logger = {
  child: () => logger,
  trace: silent,
  debug: silent,
  info: log,
  warn: log,
  error: log,
  fatal: log,
}

const names = init.globalNames ? new GlobalNames() : undefined
const node = await Node.start({ name, cookie, netTickTimeMs, logger, services: names === undefined ? [] : [names] })
node.on('nodeup', ({ name: peer }) => print({ type: 'up', peer, atMs: atMs() }))
node.on('nodedown', ({ name: peer }) => print({ type: 'down', peer, atMs: atMs() }))
print({ type: 'listening', atMs: atMs() })
const cluster = await Cluster.start(node, {
  logger,
  topologies: { main: new KubernetesDns({ service, applicationName: 'app', resolver: { address: nameServer } }) },
})

function countEach(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of [...values].sort()) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((each) => {
    try {
      return readlinkSync(`/proc/self/fd/${each}`).replace(/\d+/g, '').replaceAll('[]', '')
    } catch {
      // The folder itself, which was open for being read.
      return []
    }
  })
}

function counts(): Counts {
  const { links, connecting, unauthenticated, processes, registeredNames, monitors } = node.stats()
  const global = names?.stats()
  collectGarbage()
  return {
    files: countEach(openFiles()),
    resources: countEach(process.getActiveResourcesInfo()),
    links: links.length,
    attempts: connecting.length,
    unauthenticated,
    processes,
    registeredNames,
    monitors,
    listeners: node.eventNames().reduce((sum, event) => sum + node.listenerCount(event), 0),
    sharing: global?.known.length ?? 0,
    locks: global?.locks ?? 0,
    heapBytes: process.memoryUsage().heapUsed,
  }
}

/** Every name of a member that stands anywhere in the heap. */
async function namesInHeap(): Promise<string[]> {
  const chunks: Buffer[] = []
  for await (const chunk of getHeapSnapshot()) chunks.push(Buffer.from(chunk))
  const { strings } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly strings: readonly string[] }
  return [...new Set(strings.flatMap((text) => text.match(/\bapp@10\.77\.0\.\d+/g) ?? []))].sort()
}

async function answer(question: TiebeamQuestion): Promise<void> {
  if (question === 'counts') print({ type: 'counts', counts: counts() })
  else print({ type: 'names', names: await namesInHeap() })
}

createInterface(process.stdin)
  .on('line', (line) => void answer(line as TiebeamQuestion))
  .on('close', () => {
    void cluster
      .stop()
      .then(() => node.stop())
      .then(() => process.exit(0))
  })
