import assert from 'node:assert/strict'
import { bag, counter, orderedTable, table } from '../../../src/api/definition.ts'
import type { Definitions } from '../../../src/api/table.ts'
import type { Tables } from '../../../src/api/tables.ts'

interface Session {
  readonly id: string
  readonly user: string
  readonly cart: readonly string[]
  readonly seen?: number
}

interface Order {
  readonly tenant: string
  readonly number: number
  readonly status: 'open' | 'paid'
  readonly email?: string
}

interface Tag {
  readonly page: string
  readonly tag: string
}

export const definitions = {
  sessions: table<Session>()({ key: 'id', indexes: ['user', { fields: ['user', 'seen'] }] }),
  orders: orderedTable<Order>()({
    key: ['tenant', 'number'],
    indexes: ['status', { fields: ['email'], name: 'address', unique: true }],
  }),
  tags: bag<Tag>()({ key: 'page', indexes: ['tag'] }),
  hits: counter(),
} satisfies Definitions

export type ComplianceTables = Tables<typeof definitions>

/** Tables over the same rows, on as many members; ended with the test. */
export type OpenMembers = (context: { after(end: () => unknown): void }) => Promise<readonly ComplianceTables[]>

/** The first and the last of the members. */
export async function ends(open: OpenMembers, context: Parameters<OpenMembers>[0]) {
  const members = await open(context)
  const [first] = members
  const last = members.at(-1)
  assert.ok(first !== undefined && last !== undefined)
  return { first, last }
}
