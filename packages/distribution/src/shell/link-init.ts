import type { Socket } from 'node:net'
import type { DecoderInit, Pid } from '@tiebeam/etf'
import type { DistributionError } from '../errors.ts'
import type { FrameReader } from '../frames.ts'
import type { Peer } from '../handshake/effects.ts'
import type { NodeLimits } from '../node-init.ts'
import type { Signal } from '../signals.ts'

export interface LinkInit {
  readonly socket: Socket
  readonly peer: Peer
  /** Of the own node itself, on whose behalf the link speaks to the peer's link. */
  readonly pid: Pid
  /** Of the connection, set to frames with 4-byte lengths. */
  readonly frames: FrameReader
  readonly limits: NodeLimits
  readonly decoder: DecoderInit
  readonly hidden: boolean
  /** Messages to these registered names are decoded exactly. */
  readonly exactNames: ReadonlySet<string>
  /** A signal from the peer. What it throws ends the link. */
  readonly onSignal: (signal: Signal) => void
  /** Called once, when the link has ended and will neither deliver nor take anything any more. */
  readonly onClosed: (reason: DistributionError) => void
}
