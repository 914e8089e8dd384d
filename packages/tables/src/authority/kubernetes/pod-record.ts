import type { Pod } from '@tiebeam/k8s'
import type { Uid, View } from '../../member.ts'
import { isCount, isFields, isName, isOptional } from '../../wire/checks.ts'

/** Where a process runs, written down while it lives, so that others can see that it has ended. */
export interface PodRecord {
  readonly namespace: string
  readonly pod: string
  /** Of the pod: one that is made anew under the same name has another. */
  readonly uid: string
  /** The container of the process; undefined where the pod has several and nothing says which. */
  readonly container?: string | undefined
  /** When the process began, by the clock of its host, by which the kubelet there goes, too; in ms since 1970. */
  readonly startedMs: number
}

export type PodRecords = Readonly<Record<Uid, PodRecord>>

/** Of processes that are in no view: they may be joining, or be long gone. */
const OUTSIDERS_MAX = 50
/** The kubelet cuts its times to seconds, and a clock may be set a little while a container starts. */
const CLOCK_SLACK_MS = 2000

/** None for what is damaged: it only proves less. */
export function readPodRecords(text: string | undefined): PodRecords {
  try {
    const records: unknown = JSON.parse(text ?? '{}')
    if (!isFields(records)) return {}
    return Object.fromEntries(
      Object.entries(records).filter((entry): entry is [Uid, PodRecord] => isPodRecord(entry[1])),
    )
  } catch {
    return {}
  }
}

/** What is kept when a view is installed: all of its members, and the newest of those who may still become one. */
export function keptPodRecords(records: PodRecords, before: View | undefined, next: View): PodRecords {
  const members = new Set(next.members.map(({ uid }) => uid))
  const left = new Set(before?.members.map(({ uid }) => uid).filter((uid) => !members.has(uid)))
  const entries = Object.entries(records).filter(([uid]) => !left.has(uid))
  const outsiders = entries.filter(([uid]) => !members.has(uid)).slice(-OUTSIDERS_MAX)
  return Object.fromEntries([...entries.filter(([uid]) => members.has(uid)), ...outsiders])
}

/** Whether the process has ended, for certain. `pod` is what the API server has under that name now. */
export function isEnded(record: PodRecord, pod: Pod | undefined): boolean {
  if (pod === undefined || pod.metadata?.uid !== record.uid) return true
  const { phase, containerStatuses } = pod.status ?? {}
  if (phase === 'Succeeded' || phase === 'Failed') return true
  if (record.container === undefined || !Array.isArray(containerStatuses)) return false
  const status = (containerStatuses as unknown[]).filter(isFields).find(({ name }) => name === record.container)
  return status !== undefined && timesOfAnEnd(status).some((timeMs) => timeMs > record.startedMs + CLOCK_SLACK_MS)
}

/** The one container of a pod. */
export function onlyContainerOf(pod: Pod): string | undefined {
  const [first, second] = pod.spec?.containers ?? []
  return second === undefined ? first?.name : undefined
}

/** When the container was ended, or began: of a process in it that began before, nothing is left. */
function timesOfAnEnd({ state, lastState }: Readonly<Record<string, unknown>>): number[] {
  const times = [
    at(state, 'running', 'startedAt'),
    at(state, 'terminated', 'finishedAt'),
    at(lastState, 'terminated', 'finishedAt'),
  ]
  return times.flatMap((time) => (typeof time === 'string' ? [Date.parse(time)] : []))
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, field) => (isFields(inner) ? inner[field] : undefined), value)
}

function isPodRecord(value: unknown): value is PodRecord {
  return (
    isFields(value) &&
    isName(value.namespace) &&
    isName(value.pod) &&
    isName(value.uid) &&
    isOptional(value.container, isName) &&
    isCount(value.startedMs)
  )
}
