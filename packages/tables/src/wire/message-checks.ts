import type { Member, View } from '../member.ts'
import type { Message } from '../replica/message.ts'
import { type Fields, isCount, isFields, isListOf, isName, isNames, isOptional } from './checks.ts'
import { areEntriesAfter, isPosition, isWriterRecord } from './entry-checks.ts'
import { areReads, areWrites, isSnapshotRow } from './row-checks.ts'

/** Far more than a view can sensibly have: every write waits for all. */
const MEMBERS_MAX = 1000

export function isMember(value: unknown): value is Member {
  return isFields(value) && isName(value.node) && isCount(value.creation) && isName(value.uid)
}

export function isView(value: unknown): value is View {
  if (!isFields(value) || !isName(value.identity) || !isCount(value.epoch) || value.epoch === 0) return false
  const { members, primary } = value
  if (!isListOf(members, isMember) || members.length > MEMBERS_MAX) return false
  const uids = new Set((members as Member[]).map(({ uid }) => uid))
  if (uids.size !== members.length) return false
  return uids.size === 0 ? primary === undefined : uids.has(primary as string)
}

/** Of every field that is read here, that it is what it claims to be. Fields that a later release adds are left alone. */
export function isMessage(value: unknown): value is Message {
  return isFields(value) && isEnvelope(value) && isBody(value)
}

/** Whether it is a message at all, be it of a type that this release does not know. */
export function isEnvelope(value: Fields): boolean {
  return (
    isOptional(value.identity, isName) &&
    isCount(value.epoch) &&
    isMember(value.from) &&
    isName(value.to) &&
    typeof value.type === 'string'
  )
}

export const messageTypes: ReadonlySet<unknown> = new Set<Message['type']>([
  'append',
  'acknowledge',
  'mismatch',
  'propose',
  'refuse',
  'fence',
  'fenced',
  'view',
  'join',
  'chunk',
  'chunkTaken',
  'leave',
  'inquire',
  'inquired',
  'takeOver',
])

function isBody(value: Fields): boolean {
  switch (value.type as Message['type']) {
    case 'append':
      return isAppend(value)
    case 'acknowledge':
      return isProgress(value)
    case 'mismatch':
      return isPosition(value.previous) && isProgress(value)
    case 'propose':
      return isListOf(value.proposals, isProposal)
    case 'refuse':
      return isRefusal(value)
    case 'fence':
      return isCount(value.call)
    case 'fenced':
      return isCount(value.call) && isCount(value.index)
    case 'view':
      return isOwnView(value)
    case 'join':
      return isOptional(value.holds, isHolding)
    case 'chunk':
      return isChunk(value)
    case 'chunkTaken':
      return isCount(value.admission) && isCount(value.number)
    case 'inquired':
      return typeof value.hears === 'boolean'
    case 'takeOver':
      return isNames(value.uids)
    case 'leave':
    case 'inquire':
      return true
    default:
      return false
  }
}

function isRefusal(value: Fields): boolean {
  return (
    isCount(value.sequence) && isCount(value.attempt) && isCount(value.cause) && isOptional(value.isFull, isBoolean)
  )
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean'
}

function isAppend(value: Fields): boolean {
  return (
    isOptional(value.view, (view) => isView(view) && view.identity === value.identity) &&
    isPosition(value.previous) &&
    areEntriesAfter(value.entries, value.previous, value.epoch as number) &&
    isCount(value.commit) &&
    isCount(value.forget) &&
    isCount(value.round) &&
    isOptional(value.admission, isCount) &&
    isOptional(value.witness, isName)
  )
}

function isProgress(value: Fields): boolean {
  return (
    isOptional(value.admission, isCount) && isCount(value.matched) && isCount(value.applied) && isCount(value.round)
  )
}

function isProposal(value: unknown): boolean {
  return (
    isFields(value) &&
    isCount(value.sequence) &&
    isCount(value.attempt) &&
    isCount(value.settled) &&
    isCount(value.snapshot) &&
    areReads(value.reads) &&
    areWrites(value.writes)
  )
}

function isOwnView(value: Fields): boolean {
  return isView(value.view) && value.view.identity === value.identity
}

function isHolding(value: unknown): boolean {
  return isFields(value) && isName(value.identity) && isPosition(value.position)
}

function isChunk(value: Fields): boolean {
  return (
    isOwnView(value) &&
    isCount(value.admission) &&
    isCount(value.number) &&
    isListOf(value.rows, isSnapshotRow) &&
    isOptional(value.base, isPosition) &&
    isOptional(value.writers, (writers) => isListOf(writers, isWriterRecord)) &&
    isOptional(value.wholeFrom, isCount)
  )
}
