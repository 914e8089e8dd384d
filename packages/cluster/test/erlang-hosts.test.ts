import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePort, loopback, RecordingLogger, requirePeer, startEpmd, startErl } from '@tiebeam/testing'
import { ErlangHosts, type ErlangHostsInit } from '../src/index.ts'
import { parseHostsFile } from '../src/strategies/hosts-file.ts'

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tiebeam-hosts-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

function list(strategy: ErlangHosts, logger = new RecordingLogger()): Promise<readonly string[]> {
  const { signal } = new AbortController()
  return strategy.list({ self: 'app@10.0.0.1', localAddresses: () => [], logger, signal })
}

/** Answers as EPMD does when it is asked for all names. https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html */
async function serveNames(t: TestContext, address: string, port: number, names: readonly string[]) {
  const text = names.map((name) => `name ${name} at port 9100\n`).join('')
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from([0, 0, 0x11, 0x11]), Buffer.from(text)])))
  })
  server.listen(port, address)
  await once(server, 'listening')
  const close = async () => {
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  t.after(close)
  return { close }
}

test('a hosts file is read as OTP reads it', async (t) => {
  if (!requirePeer(t, 'erl')) return
  const folder = await temporaryFolder(t)
  const erl = await startErl(t)
  const texts = [
    '',
    '% nobody\n',
    "'a.example'.\n'b.example'.\n",
    "'a.example'.% first\n  alpha .\n\n'10.0.0.7'. beta_1@x.",
    "'fd00::7'.\n%% 'c.example'.\n'd.example'.",
    "'a.example'",
    "'a.example' 'b.example'.",
    "'a.example",
    "'a.example'.'b.example'.",
    'a.example.',
    '.',
  ]
  for (const text of texts) {
    await writeFile(join(folder, '.hosts.erlang'), text)
    const expected = await erl.evaluate(
      `file:set_cwd(${JSON.stringify(folder)}),
       (fun ({error, _}) -> error; (Hosts) -> Hosts end)(net_adm:host_file())`,
    )
    if (expected === 'error') {
      assert.throws(() => parseHostsFile(text), { code: 'LOOKUP_FAILED', message: /line \d+: expected/ }, text)
      continue
    }
    const actual = await erl.evaluate(`[list_to_atom(Host) || Host <- ${JSON.stringify(parseHostsFile(text))}]`)
    assert.equal(actual, expected, text)
  }
})

test('each host is asked, and one that gives no answer keeps the nodes it had', async (t) => {
  if (!requirePeer(t, 'epmd', 'erl', 'loopback')) return
  const epmd = await startEpmd(t, { addresses: [loopback(1)] })
  await startErl(t, { name: `real@${loopback(1)}`, epmd })
  const served = await serveNames(t, loopback(2), epmd.port, ['web', 'jobs'])
  const hostsFile = join(await temporaryFolder(t), 'hosts')
  await writeFile(hostsFile, [1, 2, 3].map((index) => `'${loopback(index)}'.\n`).join(''))
  const strategy = new ErlangHosts({ hostsFile, epmdPort: epmd.port, timeoutMs: 30_000 })
  const logger = new RecordingLogger()
  const expected = [`real@${loopback(1)}`, `web@${loopback(2)}`, `jobs@${loopback(2)}`]
  assert.deepEqual(await list(strategy, logger), expected)
  await served.close()
  assert.deepEqual(await list(strategy, logger), expected)
  assert.deepEqual(await list(strategy, logger), expected)
  assert.equal(logger.lines.length, 2, 'one line when a host is silent, none when it still is')
  assert.match(logger.lines[0] ?? '', new RegExp(`warn: .*EPMD at ${loopback(3)}:${epmd.port} cannot be reached`))
  await writeFile(hostsFile, `'${loopback(1)}'.\n`)
  assert.deepEqual(await list(strategy, logger), [`real@${loopback(1)}`])
})

test('when no host gives an answer, the look-up has failed; with no hosts there are no nodes', async (t) => {
  const hostsFile = join(await temporaryFolder(t), 'hosts')
  const strategy = new ErlangHosts({ hostsFile, epmdPort: await freePort(), timeoutMs: 30_000 })
  await writeFile(hostsFile, "'127.0.0.1'.\n")
  await assert.rejects(list(strategy), { code: 'EPMD_UNREACHABLE' })
  await writeFile(hostsFile, '% none yet\n')
  assert.deepEqual(await list(strategy), [])
})

test('a file that is not there, cannot be read, is malformed or too large fails the look-up and says why', async (t) => {
  const folder = await temporaryFolder(t)
  const hostsFile = join(folder, 'hosts')
  const strategy = new ErlangHosts({ hostsFile })
  await assert.rejects(list(strategy), { code: 'LOOKUP_FAILED', message: /There is no .*hosts\. Write a file/ })
  await writeFile(hostsFile, "'a.example'.\n{b}.\n")
  await assert.rejects(list(strategy), { code: 'LOOKUP_FAILED', message: /line 2: expected a host/ })
  await writeFile(hostsFile, '%'.repeat(2 ** 20 + 1))
  await assert.rejects(list(strategy), { code: 'LOOKUP_FAILED', message: /1048577 bytes, more than/ })
  const ofFolder = new ErlangHosts({ hostsFile: folder })
  await assert.rejects(list(ofFolder), { code: 'LOOKUP_FAILED', message: /EISDIR/ })
})

test('hosts over the limit are left out, and that is told', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const port = await freePort(loopback(4))
  await serveNames(t, loopback(4), port, ['web'])
  const hostsFile = join(await temporaryFolder(t), 'hosts')
  await writeFile(hostsFile, `'${loopback(4)}'.\n'b.example'.\n'c.example'.\n`)
  const logger = new RecordingLogger()
  const strategy = new ErlangHosts({ hostsFile, epmdPort: port, hostsMax: 1, timeoutMs: 30_000 })
  assert.deepEqual(await list(strategy, logger), [`web@${loopback(4)}`])
  assert.equal(logger.matching(/hostsMax \(1\) hosts, 2 are left out/).length, 1)
})

test('wrong options are refused with a message that names them', () => {
  const cases: [object, RegExp][] = [
    [{ hostsFile: '' }, /hostsFile/],
    [{ epmdPort: 70_000 }, /epmdPort is 70000/],
    [{ pollingIntervalMs: 0 }, /pollingIntervalMs/],
    [{ timeoutMs: Number.NaN }, /timeoutMs/],
    [{ hostsMax: 0.5 }, /hostsMax/],
  ]
  for (const [wrong, message] of cases) {
    assert.throws(() => new ErlangHosts(wrong as ErlangHostsInit), { code: 'OPTION_INVALID', message })
  }
})
