import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atom, type Pid } from '@tiebeam/distribution'
import { requirePeer, waitFor } from '@tiebeam/testing'
import { DynamicSupervisor, Supervisor, workerChild } from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startWithPeer } from '../start.ts'

const idle = (id: string) => workerChild({ id, name: id, run: (self) => self.receive() })

test("OTP's supervisor functions see and steer the children of ours", async (t) => {
  if (!requirePeer(t, 'erl')) return
  const logger = new RecordingLogger()
  const { node, erl } = await startWithPeer(t, 'erl', { logger })
  const tree = await Supervisor.start(node, {
    name: 'tree',
    children: [idle('a'), DynamicSupervisor.child({ id: 'sessions', name: 'sessions' })],
  })
  await DynamicSupervisor.at(node, 'sessions').startChild(idle('s'))
  const sup = `{tree, '${node.name}'}`
  const sessions = `{sessions, '${node.name}'}`
  const shown = (supervisor: string) =>
    erl.evaluate(
      `[{Id, if is_pid(P) -> pid; true -> P end, Type, M} || {Id, P, Type, M} <- supervisor:which_children(${supervisor})]`,
    )
  assert.equal(await shown(sup), '[{<<"sessions">>,pid,supervisor,[]},{<<"a">>,pid,worker,[]}]')
  assert.equal(await shown(sessions), '[{undefined,pid,worker,[]}]')
  assert.equal(
    await erl.evaluate(`supervisor:count_children(${sup})`),
    '[{specs,2},{active,2},{supervisors,1},{workers,1}]',
  )
  assert.equal(await erl.evaluate(`supervisor:restart_child(${sup}, a)`), '{error,running}')
  assert.equal(await erl.evaluate(`supervisor:delete_child(${sup}, <<"a">>)`), '{error,running}')
  assert.equal(await erl.evaluate(`supervisor:terminate_child(${sup}, a)`), 'ok')
  assert.equal(node.whereis('a'), undefined)
  assert.equal(await shown(sup), '[{<<"sessions">>,pid,supervisor,[]},{<<"a">>,undefined,worker,[]}]')
  assert.match(await erl.evaluate(`supervisor:restart_child(${sup}, a)`), /^\{ok,<.*>\}$/)
  assert.equal(await erl.evaluate(`supervisor:terminate_child(${sup}, nobody)`), '{error,not_found}')
  assert.equal(await erl.evaluate(`supervisor:terminate_child(${sup}, 17)`), '{error,not_found}')
  assert.equal(await erl.evaluate(`supervisor:restart_child(${sessions}, a)`), '{error,simple_one_for_one}')
  assert.equal(
    await erl.evaluate(
      `[{_, P, _, _}] = supervisor:which_children(${sessions}), supervisor:terminate_child(${sessions}, P)`,
    ),
    'ok',
  )
  const spec = '#{id => x, start => {lists, seq, [1, 2]}}'
  assert.equal(await erl.evaluate(`supervisor:start_child(${sup}, ${spec})`), '{error,notsup}')
  assert.equal(await erl.evaluate(`supervisor:get_childspec(${sup}, a)`), '{error,notsup}')
  assert.deepEqual(logger.complaints('unexpected'), [])
  assert.equal(
    await erl.evaluate(`[gen_server:call(${sup}, N) || N <- [1, {a, b}, {a, b, c}]]`),
    `[${Array(3).fill('{error,notsup}')}]`,
  )
  assert.equal(logger.complaints('unexpected').length, 1, 'logged once')
  assert.equal((await tree.countChildren()).active, 2)
})

test('a process of OTP that is linked to our supervisor, or monitors it, learns of its end', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const { node, erl } = await startWithPeer(t)
  const tree = await Supervisor.start(node, { name: 'tree', children: [idle('a')] })
  await erl.evaluate(`process_flag(trap_exit, true), monitor(process, {tree, '${node.name}'})`)
  await erl.evaluate(`[{_, Child, _, _}] = supervisor:which_children({tree, '${node.name}'}), link(Child)`)
  // The link of the supervisor counts at both of its ends.
  await waitFor(() => node.stats().processLinks === 3 && node.stats().monitors === 1)
  node.exit(node.whereis('a') as Pid, atom('kill'))
  assert.equal(await erl.evaluate("receive {'EXIT', Child, Why} -> Why after 60000 -> none end"), 'killed')
  await waitFor(() => node.whereis('a') !== undefined)
  node.exit(node.whereis('a') as Pid, atom('kill'))
  assert.equal(await erl.evaluate("receive {'DOWN', _, _, _, Why2} -> Why2 after 60000 -> none end"), 'shutdown')
  assert.equal(node.isAlive(tree.pid as Pid), false)
  const text = `catch supervisor:which_children({tree, '${node.name}'})`
  assert.match(await erl.evaluate(text), /^\{'EXIT',\{noproc,/)
})

test('Elixir counts and lists our children, and stops our supervisors', async (t) => {
  if (!requirePeer(t, 'elixir')) return
  const { node, erl } = await startWithPeer(t, 'elixir')
  await Supervisor.start(node, { name: 'tree', children: [idle('a'), idle('b')] })
  await DynamicSupervisor.start(node, { name: 'dynamic', childrenMax: 1 })
  const tree = `{:tree, :"${node.name}"}`
  const dynamic = `{:dynamic, :"${node.name}"}`
  assert.equal(
    await erl.evaluateElixir(`Supervisor.count_children(${tree})`),
    '%{active: 2, specs: 2, supervisors: 0, workers: 2}',
  )
  assert.equal(await erl.evaluateElixir(`Supervisor.which_children(${tree}) |> Enum.map(&elem(&1, 0))`), '["b", "a"]')
  assert.equal(
    await erl.evaluateElixir(`DynamicSupervisor.count_children(${dynamic})`),
    '%{active: 0, specs: 0, supervisors: 0, workers: 0}',
  )
  assert.equal(
    await erl.evaluateElixir(`DynamicSupervisor.start_child(${dynamic}, {Agent, fn -> 1 end})`),
    '{:error, :notsup}',
  )
  assert.equal(await erl.evaluateElixir(`Supervisor.stop(${tree})`), ':ok')
  assert.equal(await erl.evaluateElixir(`DynamicSupervisor.stop(${dynamic}, :shutdown)`), ':ok')
  assert.deepEqual(node.registered(), [])
})
