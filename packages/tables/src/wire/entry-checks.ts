import type { Entry, Position } from '../replica/entry.ts'
import { isCount, isFields, isListOf, isName, isNames } from './checks.ts'
import { areWrites } from './row-checks.ts'

export function isPosition(value: unknown): value is Position {
  return isFields(value) && isCount(value.index) && isCount(value.epoch)
}

/** Entries that follow on `previous`, without gaps, of epochs that never fall and do not exceed `epoch`. */
export function areEntriesAfter(value: unknown, previous: Position, epoch: number): value is Entry[] {
  if (!Array.isArray(value)) return false
  let last = previous
  for (const entry of value) {
    if (!isEntry(entry) || entry.index !== last.index + 1 || entry.epoch < last.epoch || entry.epoch > epoch)
      return false
    last = entry
  }
  return true
}

export function isWriterRecord(value: unknown): boolean {
  return (
    isFields(value) &&
    isName(value.uid) &&
    isCount(value.settled) &&
    isListOf(value.committed, isCount) &&
    typeof value.present === 'boolean'
  )
}

function isEntry(value: unknown): value is Entry {
  return isFields(value) && isPosition(value) && isBody(value.body)
}

function isBody(value: unknown): boolean {
  if (!isFields(value)) return false
  switch (value.type) {
    case 'view':
    case 'forget':
      return isNames(value.uids)
    case 'transaction':
      return isOrigin(value.origin) && areWrites(value.writes)
    case 'expiry':
      return areWrites(value.writes)
    default:
      return false
  }
}

function isOrigin(value: unknown): boolean {
  return isFields(value) && isName(value.uid) && isCount(value.sequence) && isCount(value.settled)
}
