import type { Member, View } from '../member.ts'
import { isCount, isFields, isName, isOptional } from './checks.ts'
import { isMember, isView } from './message-checks.ts'

/** How processes that take part in the same tables get to know each other, when their nodes connect and when a view changes. */
export interface Hello {
  /** Of the tables. */
  readonly name: string
  /** Of the authority. */
  readonly kind: string
  readonly member: Member
  /** Counts the incarnations of the process, from 1: of two hellos the one that was said later is known by it. */
  readonly incarnation: number
  /** In which this process is; undefined when it is in none. */
  readonly view: View | undefined
}

export function isHello(value: unknown): value is Hello {
  return (
    isFields(value) &&
    isName(value.name) &&
    isName(value.kind) &&
    isMember(value.member) &&
    isCount(value.incarnation) &&
    isOptional(value.view, isView)
  )
}
