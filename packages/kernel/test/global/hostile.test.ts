/** Messages to `global_name_server` that no node would send. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Logger, tuple } from '@tiebeam/distribution'
import { cases, type Erl, type Random, random, requirePeer, waitFor } from '@tiebeam/testing'
import { join, type Member, World } from './world.ts'

class Warnings {
  readonly lines: string[] = []

  readonly logger: Logger = {
    child: () => this.logger,
    trace: () => {},
    debug: () => {},
    info: () => {},
    warn: (about: unknown, text?: string) => this.#note(about, text),
    error: (about: unknown, text?: string) => this.#note(about, text),
    fatal: (about: unknown, text?: string) => this.#note(about, text),
  }

  #note(about: unknown, text: string | undefined): void {
    this.lines.push(`${text} ${JSON.stringify(about)}`)
  }
}

async function createPair(
  t: Parameters<typeof World.create>[0],
): Promise<{ member: Member; erl: Erl; warnings: Warnings }> {
  const world = await World.create(t)
  const warnings = new Warnings()
  const member = await world.tiebeam('b', { node: { logger: warnings.logger } })
  const erl = await world.otp('a')
  await join(erl, member.node.name)
  await waitFor(() => member.names.stats().locks === 0)
  return { member, erl, warnings }
}

/** Whether names and locks work as before, in both directions. */
async function checkHealth({ node, names }: Member, erl: Erl): Promise<void> {
  const name = atom(`after_${performance.now()}`)
  const pid = node.spawn((self) => self.receive())
  assert.equal(await names.registerName(name, pid), true)
  assert.equal(await erl.evaluate(`node(global:whereis_name('${name.name}'))`), `'${node.name}'`)
  assert.equal(await erl.evaluate(`global:trans({health, self()}, fun() -> ok end)`), 'ok')
  await erl.evaluate(`global:unregister_name('${name.name}')`)
  assert.equal(names.whereisName(name), undefined)
  assert.equal(names.stats().locks, 0)
  assert.deepEqual(names.stats().known, [erl.name])
}

const malformed = [
  'foo',
  '[]',
  '{}',
  '{init_connect_ack, 1, 2, 3}',
  '{nodeup, node(), x}',
  '{nodedown, node(), x}',
  '{lost_connection, node(), foo, bar, 5}',
  '{remove_connection, "node"}',
  '{cancel_connect, self(), 5}',
  '{whereis, foo, bar}',
  '{prepare_shutdown, self(), make_ref()}',
  "{'EXIT', self(), kill}",
  "{'DOWN', make_ref(), process, self(), killed}",
  "{'$gen_cast', foo}",
  "{'$gen_cast', {init_connect, {8, 1}, node(), foo}}",
  "{'$gen_cast', {init_connect, 8, node(), {locker, x, #{}, self()}}}",
  "{'$gen_cast', {init_connect, {3, 1}, node(), {locker, x, #{}, self()}}}",
  "{'$gen_cast', {init_connect, {8, 1}, other@host, {locker, x, #{}, self()}}}",
  "{'$gen_cast', {exchange, node(), [foo], [], 1}}",
  "{'$gen_cast', {exchange, node(), [{a, self(), b} | c], [], 1}}",
  "{'$gen_cast', {resolved, node(), [{insert, foo}], [], x, [], 1}}",
  "{'$gen_cast', {new_nodes, node(), [], [], [5], []}}",
  "{'$gen_cast', {new_nodes, node(), [{delete}], [], [], []}}",
  '{\'$gen_cast\', {in_sync, "node", true}}',
  "{'$gen_cast', {lock_set, self(), maybe, [], 1}}",
  "{'$gen_cast', {lock_is_set, node(), 1, {global, x}}}",
  "{'$gen_cast', {exchange_ops, node(), 1, [], []}}",
  "{'$gen_call', self(), get_known}",
  "{'$gen_call', {self(), make_ref()}, {registrar, fun(_) -> ok end}}",
  "{'$gen_call', {self(), make_ref()}, {set_lock, foo}}",
  "{'$gen_call', {self(), make_ref()}, {del_lock, {a, b, c}}}",
  "{'$gen_call', {self(), make_ref()}, {register, name, not_a_pid, fun global:random_exit_name/3}}",
  "{'$gen_call', {self(), make_ref()}, {sync, not_a_list}}",
  "{'$gen_call', {self(), make_ref()}, stop}",
]

test('malformed messages are dropped, and logged once each; nothing else comes of them', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const { member, erl, warnings } = await createPair(t)
  const before = member.names.stats()
  for (let round = 0; round < 3; round++) {
    for (const message of malformed) await erl.evaluate(`{global_name_server, '${member.node.name}'} ! ${message}`)
  }
  // Nobody is answered, as by OTP for calls that it does not know.
  assert.equal(await erl.evaluate('receive M -> M after 300 -> none end'), 'none')
  assert.deepEqual({ ...member.names.stats(), synced: [] }, { ...before, synced: [] })
  const dropped = warnings.lines.filter((line) => /unknown or malformed/.test(line))
  const kinds = dropped.map((line) => /"kind":"([^"]*|\\")*?"/.exec(line)?.[0])
  assert.ok(dropped.length >= 25, dropped.join('\n'))
  assert.equal(new Set(kinds).size, dropped.length, 'each kind once')
  await checkHealth(member, erl)
})

test('well-formed messages at the wrong time do no harm', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const { member, erl } = await createPair(t)
  const to = `{global_name_server, '${member.node.name}'}`
  const messages = [
    "{'$gen_cast', {exchange, node(), [{stolen, self(), fun global:random_exit_name/3}], [], 77}}",
    "{'$gen_cast', {resolved, node(), [{insert, {stolen, self(), x}}], [], unused, [], 77}}",
    "{'$gen_cast', {lock_set, self(), true, [], 77}}",
    "{'$gen_cast', {lock_set, self(), true, []}}",
    "{'$gen_cast', {in_sync, nobody@nowhere, true}}",
    "{'$gen_cast', {async_del_name, a, self()}}",
    '{cancel_connect, node(), 77}',
    '{init_connect_ack, nobody@nowhere, 1, 2}',
    '{remove_connection, nobody@nowhere}',
    '{lost_connection, nobody@nowhere, 1, 1, nowhere@nobody}',
    "{'$gen_cast', {init_connect, {8, 5}, nobody@nowhere, {locker, x, #{}, self()}}}",
  ]
  for (const message of messages) await erl.evaluate(`${to} ! ${message}`)
  assert.equal(await erl.evaluate(`global:whereis_name(stolen)`), 'undefined')
  await checkHealth(member, erl)
  // What is answered, is answered as by OTP.
  const call = (request: string): Promise<string> => erl.evaluate(`gen_server:call(${to}, ${request}, 5000)`)
  assert.equal(await call('get_known'), `['${erl.name}']`)
  assert.equal(await call('get_protocol_version'), '8')
  assert.equal(await call('get_names_ext'), '[]')
  assert.equal(await call('{unregister, nothing}'), 'ok')
  assert.equal(await call('{del_lock, {nothing, me}}'), 'true')
  assert.equal(await call('{sync, [node()]}'), 'ok')
  assert.equal(await erl.evaluate(`${to} ! {whereis, nothing, {self(), tag}}, receive {tag, W} -> W end`), 'undefined')
})

test('exit signals do not end the server, nor its locker', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const { member, erl } = await createPair(t)
  await member.names.setLock({ resource: 'r' })
  await erl.evaluate(`
    [exit(binary_to_term(<<131, 88, 119, (byte_size(N)), N/binary, Id:32, 0:32, C:32>>), kill)
     || N <- [<<"${member.node.name}">>], Id <- lists:seq(1, 12), C <- [${member.node.creation}]], ok`)
  await member.names.deleteLock({ resource: 'r' })
  await checkHealth(member, erl)
  // A new peer has to be locked with.
  await erl.evaluate(`erlang:disconnect_node('${member.node.name}')`)
  await waitFor(() => member.names.stats().known.length === 0)
  await join(erl, member.node.name)
  await checkHealth(member, erl)
})

/** Terms of the protocol's own words, put together at random. */
function randomTerm(generator: Random, depth: number): string {
  const words =
    'init_connect init_connect_ack cancel_connect exchange resolved new_nodes in_sync lock_set lost_connection remove_connection global insert delete locker node() self() 1 8 -1 true false [] #{} make_ref() "x" <<"x">> 1.5 undefined a@b'.split(
      ' ',
    )
  if (depth === 0 || generator.chance(0.4)) return generator.pick(words)
  const elements = Array.from({ length: generator.integer(1, 7) }, () => randomTerm(generator, depth - 1)).join(', ')
  return generator.chance(0.7) ? `{${elements}}` : `[${elements}]`
}

test('random messages in the words of the protocol do not end it', async (t) => {
  if (!requirePeer(t, 'erl', 'epmd')) return
  const { member, erl } = await createPair(t)
  const generator = random()
  for (let batch = 0; batch < cases(100); batch++) {
    const messages = Array.from({ length: 50 }, () => {
      const term = randomTerm(generator, 3)
      const dice = generator.next()
      if (dice < 0.4) return `{'$gen_cast', ${term}}`
      return dice < 0.6 ? `{'$gen_call', {self(), make_ref()}, ${term}}` : term
    })
    await erl.evaluate(`[{global_name_server, '${member.node.name}'} ! M || M <- [${messages.join(', ')}]], ok`)
  }
  // Some of them may have cost the connection, or the acquaintance; not more than that.
  await erl.evaluate(`erlang:disconnect_node('${member.node.name}')`)
  await waitFor(() => member.node.nodes().length === 0)
  await join(erl, member.node.name)
  await waitFor(() => member.names.stats().known.includes(erl.name as string))
  assert.equal(await erl.evaluate('global:register_name(survived, self())'), 'yes')
  assert.equal(member.names.whereisName(atom('survived'))?.node, erl.name)
  assert.equal(await member.names.trans(tuple('r'), () => 1), 1)
})
