import { Atom, atom, Tuple } from '@tiebeam/etf'

/** What a SPAWN_REQUEST asks for beside the process itself. */
export interface SpawnOptions {
  readonly link: boolean
  readonly monitor: boolean
}

const LINK = atom('link')
const MONITOR = atom('monitor')
const ALIAS = atom('alias')
const TAG = atom('tag')

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0
const isOneOf =
  (...names: readonly string[]) =>
  (value: unknown): boolean =>
    value instanceof Atom && names.includes(value.name)

/** Options that tune a process of the BEAM. They mean nothing here, but a wrong value is refused as OTP refuses it. */
const TUNING: ReadonlyMap<Atom, (value: unknown) => boolean> = new Map([
  [atom('priority'), isOneOf('low', 'normal', 'high', 'max')],
  [atom('async_dist'), (value: unknown) => typeof value === 'boolean'],
  [atom('message_queue_data'), isOneOf('on_heap', 'off_heap')],
  [atom('min_heap_size'), isCount],
  [atom('max_heap_size'), (value: unknown) => isCount(value) || isMap(value)],
  [atom('min_bin_vheap_size'), isCount],
  [atom('fullsweep_after'), isCount],
  [atom('scheduler'), isCount],
])

/**
 * Reads the options of a SPAWN_REQUEST; `undefined` for what OTP answers with `badopt`. `{reply, _}` and `{reply_tag, _}` are among those: they are a
 * matter of the requesting node alone, which takes them out. Source: `erts_parse_spawn_opts` in OTP's `erl_process.c`.
 */
export function spawnOptionsOf(options: readonly unknown[]): SpawnOptions | undefined {
  let link = false
  let monitor = false
  for (const option of options) {
    if (option === LINK) link = true
    else if (option === MONITOR || isMonitorTuple(option)) monitor = true
    else if (!isTuning(option)) return undefined
  }
  return { link, monitor }
}

function isMonitorTuple(option: unknown): boolean {
  if (!(option instanceof Tuple) || option.length !== 2 || option.at(0) !== MONITOR) return false
  const details = option.at(1)
  return Array.isArray(details) && details.every(isMonitorDetail)
}

function isMonitorDetail(detail: unknown): boolean {
  if (!(detail instanceof Tuple) || detail.length !== 2) return false
  if (detail.at(0) === TAG) return true
  return detail.at(0) === ALIAS && isOneOf('explicit_unalias', 'demonitor', 'reply_demonitor')(detail.at(1))
}

function isTuning(option: unknown): boolean {
  if (!(option instanceof Tuple) || option.length !== 2) return false
  const [name, value] = option.elements
  return name instanceof Atom && (TUNING.get(name)?.(value) ?? false)
}

function isMap(value: unknown): boolean {
  if (value instanceof Map) return true
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
