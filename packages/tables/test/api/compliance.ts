import { testChanges } from './compliance/changes.ts'
import { testKinds } from './compliance/kinds.ts'
import type { OpenMembers } from './compliance/members.ts'
import { testTransactions } from './compliance/transactions.ts'
import { testValues } from './compliance/values.ts'

/** What the typed tables promise, whatever is below them. `name` is put before the name of each test. */
export function testCompliance(name: string, open: OpenMembers): void {
  testKinds(name, open)
  testTransactions(name, open)
  testValues(name, open)
  testChanges(name, open)
}
