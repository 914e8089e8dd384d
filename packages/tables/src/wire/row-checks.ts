import { isKey } from '../store/key.ts'
import { isDuration, isFields, isListOf, isName, isNames, isOptional } from './checks.ts'

function isWrite(value: unknown): boolean {
  if (!isFields(value) || !isName(value.table)) return false
  switch (value.type) {
    case 'put':
      return isKey(value.key) && isFields(value.row) && isOptional(value.ttlMs, isDuration)
    case 'delete':
      return isKey(value.key)
    case 'clear':
      return true
    default:
      return false
  }
}

export function isSnapshotRow(value: unknown): boolean {
  return (
    isFields(value) &&
    isName(value.table) &&
    isKey(value.key) &&
    isFields(value.row) &&
    isOptional(value.ttlMs, isDuration)
  )
}

function isRead(value: unknown): boolean {
  if (!isFields(value) || !isName(value.table)) return false
  switch (value.type) {
    case 'row':
      return isKey(value.key)
    case 'range':
      return isRange(value.range)
    case 'index':
      return isNames(value.fields) && isRange(value.range)
    default:
      return false
  }
}

export function areWrites(value: unknown): boolean {
  return isListOf(value, isWrite)
}

export function areReads(value: unknown): boolean {
  return isListOf(value, isRead)
}

function isRange(value: unknown): boolean {
  return isFields(value) && isOptional(value.from, isBound) && isOptional(value.to, isBound)
}

function isBound(value: unknown): boolean {
  return isFields(value) && isKey(value.key) && typeof value.inclusive === 'boolean'
}
