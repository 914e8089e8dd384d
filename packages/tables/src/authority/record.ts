import { TablesError } from '../errors.ts'
import type { View } from '../member.ts'
import { isFields } from '../wire/checks.ts'
import { isView } from '../wire/message-checks.ts'

/** Grows when an earlier release could no longer make sense of a record. */
const FORMAT = 1

/** A view as the text that an outside store keeps. It names its tables, so that no two sets of tables ever share a record. */
export function writeRecord(tables: string, view: View): string {
  return JSON.stringify({ format: FORMAT, tables, view })
}

/**
 * @param where for messages: where the text was found
 * @throws TablesError `AUTHORITY_RECORD_INVALID`
 */
export function readRecord(text: string, { tables, where }: { readonly tables: string; readonly where: string }): View {
  const record = parse(text)
  if (!isFields(record)) throw invalid(where, 'it is no record of tables')
  if (record.format !== FORMAT) {
    const format = JSON.stringify(record.format) ?? 'none'
    throw invalid(where, `its format is ${format.slice(0, 50)}, and this release reads ${FORMAT}`)
  }
  if (record.tables !== tables) {
    const other = JSON.stringify(record.tables) ?? 'none'
    throw invalid(where, `it is that of the tables ${other.slice(0, 100)}, and these are ${JSON.stringify(tables)}`)
  }
  if (!isView(record.view)) throw invalid(where, 'it holds no view')
  const { identity, epoch, primary, members } = record.view
  return { identity, epoch, primary, members: members.map(({ node, creation, uid }) => ({ node, creation, uid })) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function invalid(where: string, problem: string): TablesError {
  return new TablesError(
    'AUTHORITY_RECORD_INVALID',
    `The record at ${where} cannot be used: ${problem}. Nothing was changed. Give these tables a place of their own; ` +
      'if the record was damaged, restore it, or delete it and reset the tables.',
  )
}
