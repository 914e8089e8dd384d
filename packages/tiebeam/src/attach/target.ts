import type { TlsInit } from '@tiebeam/distribution'
import { isLoopback } from '../settings/identity.ts'

/** Which node to ask, and with which cookie. */
export interface Target {
  readonly node: string
  readonly cookie: string
  readonly epmdPort: number
  readonly tls?: TlsInit
}

export function hostOf(node: string): string {
  return node.slice(node.indexOf('@') + 1)
}

/** Whether a node is on this host alone, so that whoever asks has to be so as well. */
export function isOnLoopback(node: string): boolean {
  return isLoopback(hostOf(node))
}

/** The name of the node that asks: nobody else has it. */
export function askerName(pid: number, host: string): string {
  return `tiebeam-${pid}@${host}`
}
