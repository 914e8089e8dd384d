import { DistributionError } from './errors.ts'

/**
 * Node names: `base@host`, as `net_kernel` of OTP 25 takes them. OTP carries names as Latin-1 and compares them as atoms, so they
 * are case-sensitive and are never normalised here.
 */
export interface NodeName {
  /** The whole name, `base@host`. */
  readonly name: string
  /** What EPMD knows the node by: ASCII letters, digits, `_` and `-`. */
  readonly base: string
  /** A host name or an IP address; an IPv6 address stands without brackets. */
  readonly host: string
}

export interface NodeNameInit {
  /** Whether hosts are short (`-sname` of erl): no dot in the host. Default false. */
  readonly shortNames?: boolean
}

/** An Erlang atom has at most so many characters, and a node name is an atom. */
const NODE_NAME_CHARACTERS_MAX = 255

const BASE = /^[0-9A-Za-z_-]+$/
// Latin-1 without spaces, control characters and a second '@'; the same set that net_kernel allows.
const HOST = /^[!-?A-~\u00a1-\u00ff]+$/

/**
 * Parses and checks a node name.
 * @throws DistributionError `NODE_NAME_INVALID`, with advice.
 */
export function parseNodeName(name: string, init: NodeNameInit = {}): NodeName {
  const complaint = complain(name, init.shortNames ?? false)
  if (complaint !== undefined) {
    throw new DistributionError('NODE_NAME_INVALID', `${quoteName(name)} is not a node name: ${complaint}`)
  }
  return split(name)
}

/** Whether {@link parseNodeName} takes the name. */
export function isNodeName(name: string, init: NodeNameInit = {}): boolean {
  return complain(name, init.shortNames ?? false) === undefined
}

/**
 * Whether a peer may call itself so: weaker than {@link parseNodeName}, because a peer of another make may have a base or a host
 * that we would not choose (`dist_util:is_node_name/1`: something on both sides of a single `@`).
 */
export function isPeerName(name: string): boolean {
  if (name.length > NODE_NAME_CHARACTERS_MAX) return false
  const at = name.indexOf('@')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get into logs
  return at > 0 && at < name.length - 1 && at === name.lastIndexOf('@') && !/[\u0000-\u0020\u007f-\u00a0]/.test(name)
}

function split(name: string): NodeName {
  const at = name.indexOf('@')
  return { name, base: name.slice(0, at), host: name.slice(at + 1) }
}

function complain(name: string, shortNames: boolean): string | undefined {
  if (name.length > NODE_NAME_CHARACTERS_MAX) return `it has more than ${NODE_NAME_CHARACTERS_MAX} characters.`
  const parts = name.split('@')
  if (parts.length !== 2) return 'it needs the form base@host, with one @, such as web@10.0.0.7.'
  const [base, host] = parts as [string, string]
  if (!BASE.test(base))
    return 'what stands before the @ may have ASCII letters, digits, _ and - only, and at least one.'
  if (host.startsWith('[')) return 'write an IPv6 address without brackets.'
  if (!HOST.test(host)) return 'what stands after the @ must be a host name or an IP address.'
  if (shortNames && host.includes('.')) {
    return 'with short names the host has no dot; take its first label, or leave shortNames off.'
  }
  if (!shortNames && !host.includes('.') && !host.includes(':')) {
    return 'with long names the host has a dot, or is an IP address; give the full name of the host, or set shortNames.'
  }
  return undefined
}

/** A name that a peer or a user gave, fit for a log: what is not printable is escaped, what is too long is cut. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > NODE_NAME_CHARACTERS_MAX ? `${name.slice(0, NODE_NAME_CHARACTERS_MAX)}…` : name)
}
