import { atom } from '@tiebeam/distribution'
import type { GlobalEffect } from './effects.ts'
import type { NameView } from './name-table.ts'
import type { Routine, Settlement } from './routine.ts'
import type { NameOperation, NameRecord } from './vocabulary.ts'

const NONE = atom('none')

/**
 * Compares the names of a node of another partition with ours, and settles conflicts. Both sides do it at the same time; of two nodes the
 * lesser settles all conflicts, so that each is settled once. Reports what is to change `here`, and `there`.
 */
export function* compareNames(
  own: string,
  names: NameView,
  { node, ourTag, names: theirs }: Extract<GlobalEffect, { type: 'compare' }>,
): Routine<void> {
  const here: NameOperation[] = []
  const there: NameOperation[] = []
  for (const record of theirs) {
    const ours = names.find(record.name)
    if (ours === undefined) here.push({ type: 'insert', record })
    else if (!ours.pid.equals(record.pid) && own < node) {
      const settlement = yield* settle(ours, record)
      if (settlement === 'theirs') here.push({ type: 'insert', record })
      else if (settlement === 'ours') there.push({ type: 'insert', record: ours })
      else {
        here.push({ type: 'delete', name: record.name })
        there.push({ type: 'delete', name: record.name })
      }
    }
  }
  yield { type: 'report', event: { type: 'compared', node, ourTag, here, there } }
}

function* settle(ours: NameRecord, theirs: NameRecord): Routine<'ours' | 'theirs' | 'neither'> {
  const { name, method } = ours
  const settlement = (yield { type: 'settle', method, name, theirs: theirs.pid, ours: ours.pid }) as Settlement
  // The node of our process cannot be asked, so that process is as good as gone.
  if ('failed' in settlement) return 'theirs'
  const { value } = settlement
  if (value === NONE) return 'neither'
  if (theirs.pid.equals(value)) return 'theirs'
  return ours.pid.equals(value) ? 'ours' : 'neither'
}
