/**
 * Distribution flags: what a node can do, exchanged in the handshake.
 * Source: the "Distribution Flags" section of OTP's Distribution Protocol guide, `kernel/include/dist.hrl` of OTP 25 and
 * `erts/emulator/beam/dist.h` of later releases.
 *
 * Whenever an OTP release makes another flag mandatory, this table is the one place to change.
 */

export interface FlagInfo {
  readonly bit: bigint
  /** The first OTP release that refuses a peer without it; absent when no release up to 28 does. */
  readonly demandedSince?: number
  /** Whether Tiebeam offers it, that is, understands all that a peer may send when it is set. */
  readonly offered: boolean
}

function bit(position: number): bigint {
  return 1n << BigInt(position)
}

export const FLAGS = {
  PUBLISHED: { bit: bit(0), offered: false },
  ATOM_CACHE: { bit: bit(1), offered: false },
  EXTENDED_REFERENCES: { bit: bit(2), demandedSince: 25, offered: true },
  DIST_MONITOR: { bit: bit(3), offered: true },
  FUN_TAGS: { bit: bit(4), demandedSince: 25, offered: true },
  DIST_MONITOR_NAME: { bit: bit(5), offered: true },
  HIDDEN_ATOM_CACHE: { bit: bit(6), offered: false },
  NEW_FUN_TAGS: { bit: bit(7), demandedSince: 25, offered: true },
  EXTENDED_PIDS_PORTS: { bit: bit(8), demandedSince: 25, offered: true },
  EXPORT_PTR_TAG: { bit: bit(9), demandedSince: 25, offered: true },
  BIT_BINARIES: { bit: bit(10), demandedSince: 25, offered: true },
  NEW_FLOATS: { bit: bit(11), demandedSince: 25, offered: true },
  UNICODE_IO: { bit: bit(12), offered: true },
  DIST_HDR_ATOM_CACHE: { bit: bit(13), offered: true },
  SMALL_ATOM_TAGS: { bit: bit(14), offered: true },
  UTF8_ATOMS: { bit: bit(16), demandedSince: 25, offered: true },
  MAP_TAG: { bit: bit(17), demandedSince: 25, offered: true },
  BIG_CREATION: { bit: bit(18), demandedSince: 25, offered: true },
  SEND_SENDER: { bit: bit(19), offered: true },
  BIG_SEQTRACE_LABELS: { bit: bit(20), offered: true },
  EXIT_PAYLOAD: { bit: bit(22), offered: true },
  FRAGMENTS: { bit: bit(23), offered: true },
  HANDSHAKE_23: { bit: bit(24), demandedSince: 25, offered: true },
  UNLINK_ID: { bit: bit(25), demandedSince: 26, offered: true },
  /** One bit for all that OTP 25 demands; bit 26 in the code of every release, whatever the guide says. */
  MANDATORY_25_DIGEST: { bit: bit(26), offered: true },
  SPAWN: { bit: bit(32), offered: true },
  /** "Name me": the dialler asks for a name instead of giving one. */
  NAME_ME: { bit: bit(33), offered: false },
  V4_NC: { bit: bit(34), demandedSince: 26, offered: true },
  ALIAS: { bit: bit(35), offered: true },
  ALTACT_SIG: { bit: bit(37), offered: false },
  /** Not OTP's: tells Tiebeam nodes from others. OTP 25 to 28 leave this bit unassigned and ignore it. */
  TIEBEAM: { bit: bit(62), offered: true },
} as const satisfies Record<string, FlagInfo>

export type FlagName = keyof typeof FLAGS

const TABLE = Object.entries(FLAGS) as [FlagName, FlagInfo][]

function union(select: (info: FlagInfo) => boolean): bigint {
  let flags = 0n
  for (const [, info] of TABLE) if (select(info)) flags |= info.bit
  return flags
}

/** What a Tiebeam node offers in every handshake. PUBLISHED comes with a service that speaks `global`; without it OTP treats the node as hidden. */
export const OFFERED_FLAGS: bigint = union((info) => info.offered)

const DEMANDED_BY_25 = union((info) => info.demandedSince === 25)

/** What a peer must have: all that OTP 28 demands. OTP 24 (with HANDSHAKE_23, V4_NC and UNLINK_ID) is the oldest that has it. */
export const MANDATORY_FLAGS: bigint = union((info) => info.demandedSince !== undefined)

/** The flags that the given OTP release refuses a peer for lacking. */
export function flagsDemandedBy(release: number): bigint {
  return union((info) => info.demandedSince !== undefined && info.demandedSince <= release)
}

/** Spells out MANDATORY_25_DIGEST: the flags that it stands for are set as well. */
export function expandFlags(flags: bigint): bigint {
  return (flags & FLAGS.MANDATORY_25_DIGEST.bit) === 0n ? flags : flags | DEMANDED_BY_25
}

/** The names of the mandatory flags that a peer with these flags lacks; empty when the peer will do. */
export function missingFlags(peerFlags: bigint, mandatory: bigint = MANDATORY_FLAGS): FlagName[] {
  return flagNames(mandatory & ~expandFlags(peerFlags))
}

/** What both sides can do, and so may be used on the link between them. */
export function negotiate(ours: bigint, peerFlags: bigint): bigint {
  return expandFlags(ours) & expandFlags(peerFlags)
}

/** Whether all bits of the named flag are set. */
export function hasFlag(flags: bigint, name: FlagName): boolean {
  return (flags & FLAGS[name].bit) !== 0n
}

/** Names of the known flags that are set, in bit order: for logs and errors. */
export function flagNames(flags: bigint): FlagName[] {
  return TABLE.filter(([, info]) => (flags & info.bit) !== 0n).map(([name]) => name)
}
