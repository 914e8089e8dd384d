/** Calls and subscriptions of a real Elixir node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '@tiebeam/distribution'
import { type Erl, loopback, requirePeer, type Scope, startElixir, waitFor } from '@tiebeam/testing'
import { bag, counter, orderedTable, storeDefinitions, table } from '../../src/api/definition.ts'
import { createTables, type Tables } from '../../src/api/tables.ts'
import type { Access } from '../../src/beam/access.ts'
import { type ServedTables, TablesServer } from '../../src/beam/shell/tables-server.ts'
import { LocalCluster } from '../api/local-cluster.ts'

interface Session {
  readonly id: string
  readonly user: string
  readonly logins?: number
}

const definitions = {
  sessions: table<Session>()({ key: 'id', indexes: ['user'] }),
  orders: orderedTable<{ number: number; article: string }>()({ key: 'number' }),
  tags: bag<{ article: string; tag: string }>()({ key: 'article' }),
  hits: counter(),
  secrets: table<{ id: string }>()({ key: 'id' }),
}

interface World {
  readonly tables: Tables<typeof definitions>
  readonly node: Node
  readonly elixir: Erl
  /** `GenServer.call` of the tables, with `request` as Elixir source. */
  readonly call: (request: string) => Promise<string>
}

async function startWorld(t: Scope): Promise<World> {
  const cluster = new LocalCluster()
  t.after(() => cluster[Symbol.asyncDispose]())
  const member = await cluster.start('one', { definitions: storeDefinitions(definitions) })
  const { tables } = await createTables(member, definitions)
  const elixir = await startElixir(t, { name: `elixir@${loopback(1)}`, cookie: 'secret' })
  const node = await Node.start({
    name: `tables@${loopback(2)}`,
    cookie: 'secret',
    epmd: { port: elixir.epmdPort as number },
  })
  t.after(() => node.stop())
  const access: Access = { sessions: 'write', orders: 'write', tags: 'write', hits: 'write', secrets: 'read' }
  await TablesServer.start(node, {
    name: 'tiebeam_tables',
    args: [{ tables: tables as unknown as ServedTables, access: { ...access } }],
  })
  await elixir.evaluateElixir(`server = {:tiebeam_tables, :"${node.name}"}; :ok`)
  return { tables, node, elixir, call: (request) => elixir.evaluateElixir(`GenServer.call(server, ${request})`) }
}

test('Elixir reads and writes rows of every kind of table', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { tables, call } = await startWorld(t)
  assert.equal(await call('{:get, :sessions, "s1"}'), '{:ok, nil}')
  assert.equal(await call('{:put, "sessions", %{id: "s1", user: "ada"}}'), '{:ok, nil}')
  assert.deepEqual(tables.sessions.get('s1'), { id: 's1', user: 'ada' })
  assert.equal(await call('{:get, :sessions, "s1"}'), '{:ok, %{"id" => "s1", "user" => "ada"}}')
  assert.equal(await call('{:where, :sessions, :user, "ada"}'), '{:ok, [%{"id" => "s1", "user" => "ada"}]}')
  const held = '{:ok, %{"id" => "s1", "user" => "ada"}}'
  assert.equal(await call('{:put_if_absent, :sessions, %{"id" => "s1", "user" => "eve"}}'), held)
  assert.equal(await call('{:delete, :sessions, "s1"}'), '{:ok, nil}')
  assert.equal(await call('{:size, :sessions}'), '{:ok, 0}')

  for (const number of [3, 1, 2]) await call(`{:put, :orders, %{number: ${number}, article: "tea"}}`)
  assert.equal(
    await call('{:range, :orders, %{gte: 2, reverse: true, limit: 1}}'),
    '{:ok, [%{"article" => "tea", "number" => 3}]}',
  )
  await call('{:put, :tags, %{article: "tea", tag: "hot"}}')
  await call('{:put, :tags, %{article: "tea", tag: "green"}}')
  assert.equal(await call('{:size, :tags}'), '{:ok, 2}')
  assert.equal(await call('{:increment, :hits, "home"}'), '{:ok, 1}')
  assert.equal(await call('{:increment, :hits, "home", 4}'), '{:ok, 5}')
  assert.equal(await call(':sync'), '{:ok, nil}')
})

test('a row that Elixir writes for a while goes after it', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { tables, call } = await startWorld(t)
  await call('{:put, :sessions, %{id: "s1", user: "ada"}, 50}')
  await waitFor(() => !tables.sessions.has('s1'))
})

test('a transaction of conditions and writes takes place as a whole or not at all', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { tables, call } = await startWorld(t)
  const open =
    '{:transaction, [{:absent, :sessions, "s1"}], [{:put, :sessions, %{id: "s1", user: "ada", logins: 1}}, {:increment, :hits, "logins", 1}]}'
  assert.equal(await call(open), '{:ok, nil}')
  assert.match(await call(open), /^\{:error, \{:condition_failed, "condition 0 /)
  assert.equal(tables.hits.get('logins'), 1)
  const rename = (logins: number) =>
    `{:transaction, [{:present, :sessions, "s1"}, {:matches, :sessions, "s1", %{logins: ${logins}}}], [{:put, :sessions, %{id: "s1", user: "eve", logins: 2}}]}`
  assert.match(await call(rename(7)), /condition 1 /)
  assert.equal(await call(rename(1)), '{:ok, nil}')
  assert.equal(tables.sessions.get('s1')?.user, 'eve')
})

test('what is not exposed, malformed, or no request at all gets an answer, and the server stays', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { tables, call } = await startWorld(t)
  await tables.secrets.put({ id: 'x' })
  assert.equal(await call('{:get, :secrets, "x"}'), '{:ok, %{"id" => "x"}}')
  assert.match(await call('{:put, :secrets, %{id: "y"}}'), /^\{:error, \{:not_exposed, /)
  assert.match(await call('{:get, "$schema", "x"}'), /^\{:error, \{:not_exposed, /)
  assert.match(await call('{:get, :__proto__, "x"}'), /^\{:error, \{:not_exposed, /)
  assert.match(await call('{:get, %{"toString" => 1}, "x"}'), /^\{:error, /)
  assert.match(await call('{:put, :sessions, 7}'), /^\{:error, \{:row_invalid, /)
  assert.match(await call('{:put, :sessions, %{user: "ada"}}'), /^\{:error, \{:key_invalid, /)
  assert.match(await call('{:put, :sessions, %{id: 1.5e308 |> Kernel.*(1), user: {:a, :b}}}'), /^\{:ok, nil\}$/)
  assert.match(await call('{:put, :sessions, %{id: "s", user: "u"}, -1}'), /^\{:error, \{:option_invalid, /)
  assert.match(await call('{:range, :sessions, %{}}'), /^\{:error, \{:option_invalid, /)
  assert.match(await call('{:where, :sessions, :nothing, 1}'), /^\{:error, /)
  assert.match(await call('{:increment, :sessions, "s1", 1}'), /^\{:error, \{:option_invalid, /)
  assert.match(await call('{:transaction, [], [{:drop, :sessions, 1}]}'), /^\{:error, \{:transaction_invalid, /)
  assert.match(await call('{:transaction, :all, []}'), /^\{:error, \{:transaction_invalid, /)
  assert.match(await call('{:unsubscribe, 7}'), /^\{:error, \{:not_subscribed, /)
  assert.match(await call('{:drop, :everything}'), /^\{:error, \{:unknown_call, /)
  assert.equal(await call('{:size, :secrets}'), '{:ok, 1}')
})

test('a subscriber gets the rows, then each change, until it ends or has enough', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { tables, node, elixir, call } = await startWorld(t)
  await tables.sessions.put({ id: 's1', user: 'ada' })
  const next = () =>
    elixir.evaluateElixir('receive do {:tiebeam_tables, ^ref, change} -> change after 20_000 -> :none end')
  await elixir.evaluateElixir('{:ok, ref} = GenServer.call(server, {:subscribe, :sessions}); :ok')
  assert.equal(await next(), '{:snapshot, :start, [%{"id" => "s1", "user" => "ada"}], true}')
  await tables.sessions.put({ id: 's1', user: 'eve' })
  await tables.sessions.delete('s1')
  await tables.sessions.clear()
  const [ada, eve] = ['%{"id" => "s1", "user" => "ada"}', '%{"id" => "s1", "user" => "eve"}']
  assert.equal(await next(), `{:put, "s1", ${eve}, ${ada}}`)
  assert.equal(await next(), `{:delete, "s1", ${eve}}`)
  assert.equal(await next(), ':clear')
  assert.equal(await call('{:unsubscribe, ref}'), '{:ok, nil}')
  await tables.sessions.put({ id: 's2', user: 'bob' })
  assert.equal(await elixir.evaluateElixir('receive do message -> message after 100 -> :none end'), ':none')

  const before = node.stats().monitors
  await elixir.evaluateElixir(
    'subscriber = spawn(fn -> GenServer.call(server, {:subscribe, :sessions}); receive do :end -> :ok end end); :ok',
  )
  await waitFor(() => node.stats().monitors === before + 1)
  await elixir.evaluateElixir('send(subscriber, :end); :ok')
  await waitFor(() => node.stats().monitors === before)
})

test('a snapshot of many rows comes in several messages', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { tables, elixir } = await startWorld(t)
  await tables.transaction(({ sessions }) => {
    for (let number = 0; number < 1_200; number += 1) sessions.put({ id: `s${number}`, user: 'ada' })
  })
  await elixir.evaluateElixir('{:ok, ref} = GenServer.call(server, {:subscribe, :sessions}); :ok')
  const chunk =
    'receive do {:tiebeam_tables, ^ref, {:snapshot, :start, rows, last}} -> {length(rows), last} after 20_000 -> :none end'
  const chunks = [
    await elixir.evaluateElixir(chunk),
    await elixir.evaluateElixir(chunk),
    await elixir.evaluateElixir(chunk),
  ]
  assert.deepEqual(chunks, ['{500, false}', '{500, false}', '{200, true}'])
})
