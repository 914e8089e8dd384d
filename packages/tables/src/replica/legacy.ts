import type { View } from '../member.ts'
import type { UnfinishedCalls } from './calls.ts'
import type { Copy } from './copy.ts'

/** What an incarnation leaves to the next of the same process. */
export interface Legacy {
  /** Applied, and so committed; undefined when it was not of one point in time. */
  readonly copy: Copy | undefined
  /** The one that it was left out of: whom to ask is known, though the authority may not be within reach yet. */
  readonly view: View | undefined
  readonly unfinished: UnfinishedCalls
}
