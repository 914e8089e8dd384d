import assert from 'node:assert/strict'
import { type Node, silentLogger } from '@tiebeam/distribution'
import type { AuthorityHost, AuthorityKind, Member, StartedAuthority, View } from '@tiebeam/tables'
import { TablesError } from '@tiebeam/tables'
import type { Scope } from '@tiebeam/testing'

export const self: Member = { node: 'shop@10.0.0.7', creation: 1, uid: 'u1' }

export function viewOf(epoch: number): View {
  return { identity: 'identity', epoch, primary: self.uid, members: [self] }
}

/** An authority for a process that is the only one. */
export async function startAlone(
  scope: Scope,
  kind: AuthorityKind,
  host: Partial<AuthorityHost> = {},
): Promise<StartedAuthority> {
  const authority = await kind.start({
    node: { name: self.node, creation: self.creation, logger: silentLogger } as Node,
    name: 'shop',
    self: () => self,
    view: () => undefined,
    peers: () => [],
    isDead: () => false,
    ...host,
  })
  scope.after(() => authority.stop())
  return authority
}

export function codeIs(code: string, pattern = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TablesError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, pattern)
    return true
  }
}
