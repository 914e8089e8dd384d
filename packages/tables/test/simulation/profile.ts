import type { ReplicaSettings } from '../../src/replica/settings.ts'
import type { AuthorityFaults } from './authority.ts'

export type FaultKind =
  | 'crash'
  | 'crashPrimary'
  | 'pause'
  | 'pausePrimary'
  | 'isolate'
  | 'isolatePrimary'
  | 'cut'
  | 'cutOneWay'
  | 'slow'
  | 'slowAnswers'
  | 'lossy'
  | 'cutAuthority'
  | 'leave'
  | 'crashMany'
  | 'scatter'

/** What a run is like. Each profile steers the schedule towards something that is rare when all is random. */
export interface Profile {
  readonly name: string
  readonly nodes: number
  readonly durationMs: number
  /** Mean time between faults. */
  readonly faultMs: number
  readonly faults: Partial<Readonly<Record<FaultKind, number>>>
  readonly authority: AuthorityFaults
  /** Mean time between the calls of each client. */
  readonly clientMs: number
  readonly keys: number
  /** Attempts of a transaction before its client gives up. */
  readonly attemptsMax: number
  readonly slowMs: number
  readonly isDisorderly: boolean
  /** Chance that a joiner is cut off, and the primary from the authority, as soon as the view with it is installed. */
  readonly cutJoinerChance: number
  /** Chance that a joiner is cut off as soon as its primary decides to let it in. */
  readonly cutDecidedChance: number
  /** Chance that a member that took over reaches only some of the others, and is lost soon. */
  readonly scatterChance: number
  /** A paused process counts as proven dead, as after a pod was deleted by force. */
  readonly proofLies: boolean
  readonly settings: Partial<ReplicaSettings>
}

const settings: Partial<ReplicaSettings> = {
  tickMs: 20,
  heartbeatMs: 60,
  suspectAfterMs: 250,
  inquireMs: 30,
  resendMs: 120,
  authorityRetryMs: 60,
  authorityReadMs: 600,
  appendEntriesMax: 8,
  inFlightEntriesMax: 16,
  logEntriesMax: 400,
  logEntriesRetained: 12,
  chunkRowsMax: 2,
  chunksInFlightMax: 2,
  outcomesKeptMs: 500,
}

const calm: AuthorityFaults = { delayMsMax: 5, slowChance: 0.02, lostRequestChance: 0.02, lostAnswerChance: 0.02 }
const unreliable: AuthorityFaults = { delayMsMax: 30, slowChance: 0.25, lostRequestChance: 0.1, lostAnswerChance: 0.25 }

const base: Profile = {
  name: 'mixed',
  nodes: 3,
  durationMs: 1800,
  faultMs: 250,
  faults: {
    crash: 3,
    crashPrimary: 2,
    pause: 2,
    pausePrimary: 2,
    isolate: 2,
    isolatePrimary: 2,
    cut: 3,
    cutOneWay: 3,
    slow: 2,
    lossy: 3,
    cutAuthority: 2,
    leave: 2,
    crashMany: 0.3,
  },
  authority: calm,
  clientMs: 40,
  keys: 6,
  attemptsMax: 2,
  slowMs: 120,
  isDisorderly: false,
  cutJoinerChance: 0,
  cutDecidedChance: 0,
  scatterChance: 0,
  proofLies: false,
  settings,
}

export const profiles = {
  mixed: base,
  large: { ...base, name: 'large', nodes: 5, durationMs: 1500, clientMs: 70 },
  pair: { ...base, name: 'pair', nodes: 2 },
  unreliableAuthority: { ...base, name: 'unreliableAuthority', authority: unreliable },
  /** Views change faster than logs are aligned, and tails differ. */
  usurpers: {
    ...base,
    name: 'usurpers',
    nodes: 5,
    durationMs: 1000,
    faultMs: 200,
    clientMs: 20,
    keys: 4,
    attemptsMax: 1,
    faults: { scatter: 5, lossy: 2, slow: 1, cut: 1, cutOneWay: 1 },
    slowMs: 200,
    scatterChance: 0.9,
    settings: { ...settings, suspectAfterMs: 100, resendMs: 30, heartbeatMs: 20, inquireMs: 15, tickMs: 10 },
  },
  /** Joiners that take over before the primary that let them in knows that they are in. */
  joiners: {
    ...base,
    name: 'joiners',
    faults: { crash: 5, crashPrimary: 1, pause: 2, lossy: 2 },
    authority: { ...unreliable, slowChance: 0.1 },
    clientMs: 25,
    cutJoinerChance: 0.6,
  },
  /** Primaries that learn late what is committed, while others are let in, a little at a time. */
  late: {
    ...base,
    name: 'late',
    faultMs: 120,
    faults: { slowAnswers: 8, slow: 2, crash: 5 },
    authority: { ...calm, slowChance: 0.1 },
    clientMs: 8,
    slowMs: 400,
    cutJoinerChance: 0.8,
    cutDecidedChance: 0.8,
    settings: { ...settings, appendEntriesMax: 1, inFlightEntriesMax: 12, suspectAfterMs: 400 },
  },
  /** The members rely on no order of messages, not even of those from one to another. */
  disorder: { ...base, name: 'disorder', isDisorderly: true, clientMs: 20, faults: { ...base.faults, slow: 8 } },
  /** Everything that has a limit meets it. */
  tight: {
    ...base,
    name: 'tight',
    clientMs: 8,
    faults: { ...base.faults, slow: 6, lossy: 6 },
    settings: {
      ...settings,
      logEntriesMax: 12,
      logEntriesRetained: 0,
      inFlightEntriesMax: 3,
      appendEntriesMax: 2,
      pendingMax: 3,
    },
  },
  /** Rows that are large, as far as the limits of bytes go: the log is full after a few, and a snapshot has one row in a part. */
  largeRows: {
    ...base,
    name: 'largeRows',
    clientMs: 8,
    faults: { ...base.faults, slow: 6, lossy: 6 },
    settings: {
      ...settings,
      logBytesMax: 3000,
      logBytesRetained: 500,
      inFlightBytesMax: 400,
      appendBytesMax: 250,
      chunkBytesMax: 1,
    },
  },
  /** There is room for some of the rows, and copies of a transaction arrive late and more than once. */
  full: {
    ...base,
    name: 'full',
    isDisorderly: true,
    clientMs: 12,
    faults: { ...base.faults, slow: 8, lossy: 4 },
    settings: { ...settings, resendMs: 60, storeBytesMax: 700 },
  },
  /** Members that lag behind, and answer late. */
  slow: {
    ...base,
    name: 'slow',
    faultMs: 100,
    clientMs: 20,
    slowMs: 900,
    faults: { slow: 6, cutAuthority: 3, cutOneWay: 4, pausePrimary: 1, isolatePrimary: 1, cut: 2 },
  },
  /** All members lost, some of them only apparently. */
  losses: {
    ...base,
    name: 'losses',
    faults: { crashMany: 3, pause: 4, pausePrimary: 4, crash: 3, crashPrimary: 2, isolate: 1 },
    proofLies: true,
  },
} satisfies Record<string, Profile>
