import { type Atom, atom, Reference, Tuple, tuple } from '@tiebeam/distribution'
import type { GroupMembers } from './membership.ts'

/** What processes of other nodes may ask a scope by `gen_server:call`, as they do with that of OTP (`pg:monitor/2` and the like, 25.1 and later). */
export type GroupsRequest =
  | { readonly type: 'monitorScope' }
  | { readonly type: 'monitor'; readonly group: unknown }
  | { readonly type: 'demonitor'; readonly reference: Reference }

/** OTP's scope crashes on what it does not know, and so tells the caller `badarg`. */
export const BADARG = tuple(atom('error'), atom('badarg'))

/** The label of the requests that `sys` of OTP makes, which every `gen_server` answers in its turn. */
export const SYSTEM: Atom = atom('system')

/** A system request that no scope knows, of OTP or ours, and that each answers once it has read all that came before. */
export const READ_SO_FAR: Atom = atom('read_so_far')

/** What `sys` answers to a request that it does not know. */
export function unknownSystemRequest(request: unknown): Tuple {
  return tuple(atom('error'), tuple(atom('unknown_system_msg'), request))
}

const MONITOR = atom('monitor')
const DEMONITOR = atom('demonitor')

export function parseGroupsRequest(request: unknown): GroupsRequest | undefined {
  if (request === MONITOR) return { type: 'monitorScope' }
  if (!(request instanceof Tuple) || request.elements.length !== 2) return undefined
  const [label, subject] = request.elements
  if (label === MONITOR) return { type: 'monitor', group: subject }
  return label === DEMONITOR && subject instanceof Reference ? { type: 'demonitor', reference: subject } : undefined
}

/** `#{Group => [Pid]}`. */
export function membersMap(all: readonly GroupMembers[]): Map<unknown, unknown> {
  return new Map(all.map(({ group, members }) => [group, members]))
}
