import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Erl, type Scope, startEpmd, startErl } from '@tiebeam/testing'
import { Acceptor } from '../../src/handshake/acceptor.ts'
import { Dialler } from '../../src/handshake/dialler.ts'
import { FakePeer } from './fake-peer.ts'
import { type Recording, recordedNode, recordedPeer } from './recordings.ts'

const { name, creation, cookie, sturdyId, frailId } = recordedNode
const [, liveHost = ''] = name.split('@')
const [otpBase = '', otpHost = ''] = recordedPeer.split('@')
/** Long enough for OTP to have sent what it was asked to; only the recording waits for it, no test does. */
const settleMs = 1_000

/** Has a real OTP node send everything it can, to a node that answers nothing, and records the frames. */
export async function record(scope: Scope): Promise<Recording> {
  const epmd = await startEpmd(scope)
  const otp = await startErl(scope, { name: recordedPeer, cookie, epmd, args: ['-kernel', 'net_ticktime', '4'] })
  const asAcceptor = await recordAcceptor(otp)

  const server = createServer().listen(0, liveHost)
  scope.after(() => server.close())
  await once(server, 'listening')
  const registration = await register(epmd.port, (server.address() as AddressInfo).port)
  scope.after(() => registration.destroy())
  return { asAcceptor, ...(await recordDialler(otp, server)) }
}

async function recordAcceptor(otp: Erl): Promise<Buffer[]> {
  const address = `{${otpHost.replaceAll('.', ',')}}`
  const port = await otp.evaluate(
    `{port, Port, _} = erl_epmd:port_please(${JSON.stringify(otpBase)}, ${address}), Port`,
  )
  const peer = new FakePeer(connect(Number(port), otpHost))
  const dialler = new Dialler({ name, creation, cookie, peerName: recordedPeer, challenge: 1 })
  const { frames } = await peer.handshake(dialler, dialler.start())
  await peer.reset()
  return frames
}

async function recordDialler(otp: Erl, server: Server): Promise<Pick<Recording, 'asDialler' | 'onLink'>> {
  const connected = otp.evaluate(`net_kernel:connect_node('${name}')`, { process: 'connect' })
  const [socket] = await once(server, 'connection')
  const peer = new FakePeer(socket)
  const acceptor = new Acceptor({ name, creation, cookie, challenge: 1, decide: () => 'ok' })
  const { frames } = await peer.handshake(acceptor)
  await connected
  await otp.evaluate(conversation)
  // What OTP sends because of what it is told: a monitored process ends, an unlink is acknowledged, a spawn is answered.
  const victim = pidBytes(await otp.evaluateToBytes('Victim = spawn(fun() -> receive stop -> exit(stopped) end end)'))
  const reference = Buffer.from([90, 0, 3, ...atomBytes(name), ...uint32(creation), ...Buffer.alloc(12, 7)])
  for (const control of [
    [104, 4, 97, 19, ...livePid(sturdyId), ...victim, ...reference],
    [104, 3, 97, 1, ...livePid(sturdyId), ...victim],
    [104, 4, 97, 35, 97, 9, ...livePid(sturdyId), ...victim],
  ]) {
    peer.send(Uint8Array.from([131, 68, 0, ...control]))
  }
  const spawnRequest = [104, 6, 97, 29, ...reference, ...livePid(sturdyId), ...livePid(sturdyId)]
  const target = [104, 3, ...atomBytes('erlang'), ...atomBytes('self'), 97, 0]
  const monitorOption = [108, 0, 0, 0, 1, ...atomBytes('monitor'), 106]
  peer.send(Uint8Array.from([131, 68, 0, ...spawnRequest, ...target, ...monitorOption, 106]))
  await sleep(settleMs)
  await otp.evaluate('Victim ! stop')
  await sleep(settleMs)
  const onLink = peer.received.splice(0).filter((frame) => frame.length > 0)
  await peer.reset()
  return { asDialler: frames, onLink }
}

/** Everything that OTP tells another node of its own accord, as Erlang expressions; to none of it comes an answer. */
const conversation = `
  Pid = fun(Id) -> binary_to_term(<<131, 88, 119, ${name.length}, "${name}", Id:32, 0:32, ${creation}:32>>) end,
  Ref = binary_to_term(<<131, 90, 3:16, 119, ${name.length}, "${name}", ${creation}:32, 11:32, 22:32, 33:32>>),
  Sturdy = Pid(${sturdyId}), Frail = Pid(${frailId}), Node = '${name}',
  Terms = [0, -1, 255, 65536, -2147483649, 1 bsl 63, -(1 bsl 70), 1 bsl 2100, 1.5, -0.0, 'an atom', '\\x{e9}t\\x{e9}', '\\x{3b1}',
    "string", [1, 2 | 3], [], lists:seq(1, 300), {}, {a, {b, {c}}}, #{}, #{a => 1, <<"b">> => [2]},
    maps:from_list([{N, N * N} || N <- lists:seq(1, 40)]), <<>>, <<"binary">>, <<5:3>>, <<255, 254>>, true, undefined,
    self(), make_ref(), hd(erlang:ports()), Sturdy, Ref, fun erlang:send/2, fun(A) -> A + 1 end,
    list_to_tuple(lists:seq(1, 300)), lists:duplicate(30, [deep, {tree}]), {$a, "b", 99.5e300}],
  [Sturdy ! Term || Term <- Terms],
  [{registered, Node} ! Term || Term <- Terms],
  Sturdy ! {large, binary:copy(<<"fragment ">>, 16000)},
  {registered, Node} ! list_to_tuple([list_to_atom("atom" ++ integer_to_list(N)) || N <- lists:seq(1, 200)]),
  [erlang:send(Ref, {aliased, N}) || N <- [1, 2]],
  Quietly = fun(Do) -> {_, Monitor} = spawn_monitor(Do), receive {'DOWN', Monitor, _, _, _} -> ok after 500 -> ok end end,
  Quietly(fun() -> link(Sturdy), exit({reason, <<"of a linked process">>}) end),
  Quietly(fun() -> link(Frail), unlink(Frail), exit(normal) end),
  Quietly(fun() -> exit(Sturdy, {told, "to exit"}) end),
  Quietly(fun() -> exit(Frail, shutdown) end),
  Quietly(fun() -> exit(Sturdy, binary:copy(<<1>>, 1000)) end),
  Quietly(fun() -> M = monitor(process, Sturdy), demonitor(M, [flush]) end),
  Quietly(fun() -> M = monitor(process, {registered, Node}), demonitor(M, [flush]) end),
  Quietly(fun() -> monitor(process, {nobody, Node}) end),
  Quietly(fun() -> monitor(process, Sturdy, [{alias, reply_demonitor}]), Sturdy ! asked end),
  Quietly(fun() -> spawn_request(Node, erlang, self, [], [monitor, link]) end),
  Quietly(fun() -> spawn_request(Node, lists, seq, [1, 10], [{reply, error_only}, {priority, high}]) end),
  Quietly(fun() -> group_leader(self(), Sturdy) end),
  Quietly(fun() -> gen_server:call({registered, Node}, request, 100) end),
  Quietly(fun() -> gen_server:call(Sturdy, {request, #{key => value}}, 100) end),
  Quietly(fun() -> gen_server:cast(Sturdy, cast) end),
  Quietly(fun() -> gen_server:multi_call([Node], registered, request, 100) end),
  Quietly(fun() -> net_kernel:monitor_nodes(true), gen:call({net_kernel, Node}, '$gen_call', {is_auth, node()}, 100) end),
  Quietly(fun() -> erpc:call(Node, erlang, node, [], 100) end),
  Quietly(fun() -> rpc:block_call(Node, erlang, node, [], 100) end),
  Quietly(fun() ->
    seq_trace:set_token(label, {traced, 17}), seq_trace:set_token(send, true),
    Sturdy ! traced, {registered, Node} ! traced, erlang:send(Ref, traced),
    link(Sturdy), exit(Sturdy, traced), spawn_request(Node, erlang, self, [], []), exit(traced)
  end),
  {rex, Node} ! {self(), features_request},
  {global_name_server, Node} ! {init_connect, {8, 1}, node(), {locker, no_longer_a_pid, [], Sturdy}},
  {pg, Node} ! {discover, self()},
  ok`

/** NEW_PID_EXT of one of the live node's processes. */
function livePid(id: number): number[] {
  return [88, ...atomBytes(name), ...uint32(id), ...uint32(0), ...uint32(creation)]
}

/** What follows the version byte, which does not occur within a control message. */
function pidBytes(term: Buffer): Buffer {
  return term.subarray(1)
}

function atomBytes(text: string): number[] {
  return [119, text.length, ...Buffer.from(text)]
}

function uint32(value: number): number[] {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return [...bytes]
}

/** Registers the live node's name with a real EPMD: ALIVE2_REQ. The registration lasts as long as the connection. */
async function register(epmdPort: number, port: number) {
  const base = Buffer.from(name.split('@')[0] ?? '')
  const request = Buffer.alloc(11)
  request[0] = 120
  request.writeUInt16BE(port, 1)
  request.set([77, 0, 0, 6, 0, 5], 3)
  request.writeUInt16BE(base.length, 9)
  const body = Buffer.concat([request, base, Buffer.alloc(2)])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(body.length)
  const socket = connect(epmdPort, '127.0.0.1')
  socket.write(Buffer.concat([length, body]))
  await once(socket, 'data')
  return socket
}
