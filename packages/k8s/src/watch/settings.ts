import { KubernetesError } from '../errors.ts'

export interface WatchSettings {
  /** Objects asked for at a time. Default 500. */
  readonly limit: number
  /** Bytes of one event. Default 16 MiB; etcd keeps objects of up to 1.5 MiB. */
  readonly eventBytesMax: number
  /**
   * A stream without a byte for so long is given up for another, in ms. Default 90,000: the server sends a bookmark about every minute. A
   * peer that has vanished is noticed before, by the probes of TCP, in about 20 s.
   */
  readonly silenceMs: number
  /** First pause after a failure, in ms, doubled each time and cut by chance to between half of it and all. Default 200. */
  readonly backOffMs: number
  /** Longest pause, in ms. Default 30,000. */
  readonly backOffMsMax: number
  /**
   * When the server has forgotten our version (410), all its clients list at once, at the worst moment. Each waits up to so long, in ms.
   * Default 1000.
   */
  readonly relistSpreadMs: number
  /** Shortest time after which the server is asked to end a stream, in s; the longest is twice as long. Default 300. */
  readonly streamSeconds: number
}

const defaults: WatchSettings = {
  limit: 500,
  eventBytesMax: 16 * 1024 * 1024,
  silenceMs: 90_000,
  backOffMs: 200,
  backOffMsMax: 30_000,
  relistSpreadMs: 1000,
  streamSeconds: 300,
}

/** What `setTimeout` can wait. */
const WAIT_MS_MAX = 0x7fffffff

/** @throws KubernetesError `OPTION_INVALID` */
export function watchSettings(init: Partial<WatchSettings>): WatchSettings {
  const settings = { ...defaults }
  for (const name of Object.keys(defaults) as (keyof WatchSettings)[]) {
    const value = init[name]
    if (value === undefined) continue
    const whole = name === 'limit' || name === 'streamSeconds' || name === 'eventBytesMax'
    if (!(typeof value === 'number' && value > 0 && value <= WAIT_MS_MAX && (!whole || Number.isInteger(value)))) {
      const allowed = whole ? 'a whole number, more than 0' : 'a number, more than 0'
      throw new KubernetesError('OPTION_INVALID', `watch: ${name} is ${JSON.stringify(value)}; it must be ${allowed}.`)
    }
    settings[name] = value
  }
  return settings
}
