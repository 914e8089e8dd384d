import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Node } from '@tiebeam/distribution'
import {
  Child,
  findProgram,
  freePort,
  loopback,
  requirePeer,
  spawnTied,
  startElixir,
  startErl,
  waitFor,
} from '@tiebeam/testing'
import {
  CONTROL,
  cleanEnvironment,
  MAIN,
  newApp,
  run,
  scratchFolder,
  startTiebeam,
  tiebeam,
} from '../command/command-line.ts'

test('a new app is whole: its test passes, its types are right, and nothing of the template is left', async (t) => {
  const cwd = await newApp(t, 'shop')
  const tested = await tiebeam(['test'], { cwd, env: { HOME: cwd } })
  assert.equal(tested.code, 0, tested.stdout)
  assert.match(tested.stdout, /pass 1/)
  const checked = await run(process.execPath, [join(cwd, 'node_modules/typescript/bin/tsc')], { cwd })
  assert.deepEqual([checked.code, checked.stdout], [0, ''])
  const found = await run('grep', ['-rnE', '\\{\\{\\w+\\}\\}', cwd, '--exclude-dir=node_modules'])
  assert.equal(found.stdout, '')
  for (const file of ['.gitignore', 'README.md', 'tsconfig.json']) assert.ok(existsSync(join(cwd, file)), file)
})

test('tests that fail give their exit code', async (t) => {
  const cwd = await newApp(t)
  writeFileSync(join(cwd, 'test/counter.test.ts'), "throw new Error('no' as string)\n")
  assert.equal((await tiebeam(['test'], { cwd })).code, 1)
})

test('an app in TypeScript is started, asked, spoken with and stopped', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const cwd = await newApp(t)
  const env = { ERL_EPMD_PORT: String(await freePort()), RELEASE_COOKIE: 'secret' }
  const [one, two] = [`shop@${loopback(1)}`, `two@${loopback(2)}`]
  const start = (name: string) => startTiebeam(t, ['start', '--name', name, '--http-port', 'off'], { cwd, env })
  const [first, second] = [start(one), start(two)]
  await Promise.all([first.waitForOutput(/node started/), second.waitForOutput(/node started/)])
  const ask = async (...args: string[]) => {
    const ended = await tiebeam(args, { cwd, env })
    assert.equal(ended.stderr, '')
    assert.equal(ended.code, 0)
    assert.ok(!ended.stdout.includes('\u001b'), 'no colours when piped')
    return ended.stdout
  }
  const runDirectory = ['--run-directory', '.tiebeam/run/shop']
  await waitFor(
    () =>
      existsSync(join(cwd, '.tiebeam/run/shop/control.sock')) && existsSync(join(cwd, '.tiebeam/run/two/control.sock')),
  )

  await t.test('eval evaluates inside it', async () => {
    assert.equal(
      await ask('eval', `await node.connect('${two}'); node.nodes()`, '--json', ...runDirectory),
      `["${two}"]\n`,
    )
    const failed = await tiebeam(['eval', 'nope', ...runDirectory], { cwd, env })
    assert.deepEqual([failed.code, failed.stderr], [1, 'tiebeam: ReferenceError: nope is not defined\n'])
  })

  await t.test('status shows the cluster', async () => {
    const table = await ask('status', ...runDirectory)
    assert.match(table, /^NODE +STATE +VERSION +UP +CONNECTED +QUEUE +MEMORY +DELAY\n/)
    for (const name of [one, two]) assert.match(table, new RegExp(`^${name} +ready +0\\.1\\.0 .* 1/1 `, 'm'))
    const reports = JSON.parse(await ask('status', '--node', two, '--json'))
    assert.deepEqual(
      reports.map((report: { name: string }) => report.name),
      [two, one],
    )
    assert.equal(reports[1].status.state, 'ready')
    assert.equal(reports[1].status.versions.app, '0.1.0')
  })

  await t.test('nodes, ping and rpc reach it by its name', async () => {
    assert.deepEqual(JSON.parse(await ask('nodes', '--node', one, '--json')), [
      { name: one, kind: 'asked' },
      { name: two, kind: 'visible' },
    ])
    assert.match(await ask('ping', one), /^pong {2}/)
    assert.deepEqual(JSON.parse(await ask('rpc', one, 'shop.nodes', '--json')), [one, two])
    const hidden = await tiebeam(['rpc', one, 'process.exit', '1'], { cwd, env })
    assert.equal(hidden.code, 1)
    assert.match(hidden.stderr, /does not exist there, or is not exposed/)
  })

  await t.test('another cookie is refused, and the app goes on', async () => {
    const { code, stderr } = await tiebeam(['ping', one, '--cookie', 'other'], { cwd, env })
    assert.equal(code, 3)
    assert.match(stderr, /cannot be reached/)
    assert.doesNotMatch(stderr, /secret/)
  })

  await t.test('remote takes a script, and leaves the app unharmed', async () => {
    const input =
      'const twice = await Promise.resolve(21) * 2\ntwice\nfunction name() {\n  return app.name\n}\nname()\n.exit\n'
    const ended = await tiebeam(['remote', ...runDirectory], { cwd, env, input })
    assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, `42\n'${one}'\n`, ''])
    const failed = await tiebeam(['remote', ...runDirectory], { cwd, env, input: 'throw new Error("no")\n1\n' })
    assert.equal(failed.code, 1)
    assert.equal(failed.stdout, '')
    assert.match(failed.stderr, /^Uncaught Error: no\n/)
    assert.match(await ask('ping', one), /^pong/)
  })

  await t.test('remote on a terminal shows a prompt, completes names, and ends with .exit', async (t) => {
    if (findProgram('script') === undefined) return t.skip('needs script, of bsdutils')
    const home = join(cwd, 'home')
    mkdirSync(home)
    const command = `${process.execPath} ${MAIN} remote --run-directory .tiebeam/run/shop`
    const terminal = new Child(
      t,
      spawnTied('script', ['-qec', command, '/dev/null'], {
        cwd,
        env: cleanEnvironment({ ...env, HOME: home, TERM: 'xterm' }),
        stdio: 'pipe',
      }),
      'script',
    )
    await terminal.waitForOutput(new RegExp(`${one} \\(remote\\)> `))
    terminal.process.stdin?.write('app.settin')
    await terminal.waitForOutput(/app\.settin/)
    terminal.process.stdin?.write('\t')
    await terminal.waitForOutput(/settings/)
    terminal.process.stdin?.write('.httpPort\r')
    await terminal.waitForOutput(/\[32m'off'/)
    terminal.process.stdin?.write('.exit\r')
    assert.equal((await terminal.exited).code, 0)
    assert.match(readFileSync(join(home, '.tiebeam_history'), 'utf8'), /app\.settings\.httpPort/)
  })

  await t.test('the program of releases asks it through its run directory', async () => {
    const control = (args: readonly string[], init: { input?: string; directory?: string } = {}) =>
      run(process.execPath, [CONTROL, ...args], {
        cwd,
        env: { ...env, TIEBEAM_RUN_DIRECTORY: init.directory ?? '.tiebeam/run/shop' },
        ...(init.input !== undefined && { input: init.input }),
      })
    assert.deepEqual(await control(['pid']), { code: 0, stdout: `${first.pid}\n`, stderr: '' })
    assert.equal((await control(['eval', 'app.name'])).stdout, `'${one}'\n`)
    assert.equal((await control(['rpc', 'shop.nodes'])).stdout, `[ '${one}', '${two}' ]\n`)
    assert.equal((await control(['remote'], { input: 'app.state\n' })).stdout, "'ready'\n")
    assert.equal((await control(['eval'])).code, 2)
    assert.equal((await control(['launch'])).code, 2)
    assert.equal((await control(['pid'], { directory: 'elsewhere' })).code, 3)
  })

  await t.test('of several apps that run here, remote asks which', async () => {
    const { code, stderr } = await tiebeam(['eval', '1'], { cwd, env })
    assert.equal(code, 2)
    assert.match(
      stderr,
      /Several apps run here: give --run-directory, one of \.tiebeam\/run\/shop, \.tiebeam\/run\/two/,
    )
  })

  await t.test('stop ends it in order, and then it is missed', async () => {
    assert.match(await ask('stop', '--run-directory', '.tiebeam/run/two'), /^Process \d+ has stopped\.\n$/)
    assert.deepEqual(await second.exited, { code: 0, signal: null })
    assert.ok(!existsSync(join(cwd, '.tiebeam/run/two/control.sock')))
  })

  await t.test('a signal goes to the app, and so does its exit code', async () => {
    first.signal('SIGTERM')
    assert.deepEqual(await first.exited, { code: 0, signal: null })
  })
})

test('status shows the tables of an app', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  const cwd = await newApp(t)
  const program = `
    import { start } from 'tiebeam'
    import { table } from '@tiebeam/tables'
    const app = await start({
      tables: { prices: table<{ article: string; price: number }>()({ key: 'article' }) },
      tableOptions: { foundAfterMs: 200 },
    })
    await app.tables.prices.put({ article: 'tea', price: 4 })
    app.logger.info('written')
  `
  writeFileSync(join(cwd, 'src/main.ts'), program)
  const env = { ERL_EPMD_PORT: String(await freePort()), RELEASE_COOKIE: 'secret' }
  const app = startTiebeam(t, ['start', '--name', `shop@${loopback(9)}`, '--http-port', 'off'], { cwd, env })
  await app.waitForOutput(/written/)
  const { stdout } = await tiebeam(['status'], { cwd, env })
  assert.match(stdout, new RegExp(`^shop@${loopback(9)} +primary +1 \\(1 members\\) +1 `, 'm'))
})

test('a setting that is wrong ends the start with one message', async (t) => {
  const cwd = await newApp(t)
  const { code, stderr } = await tiebeam(['start', '--http-port', 'often'], { cwd })
  assert.equal(code, 2)
  assert.match(stderr, /TIEBEAM_HTTP_PORT/)
  assert.doesNotMatch(stderr, /\n {4}at /)
})

test('exit codes of programs pass through', async (t) => {
  const cwd = await newApp(t)
  writeFileSync(
    join(cwd, 'src/ends.ts'),
    'const code: number = 7\nconsole.log(process.argv.slice(2))\nprocess.exitCode = code\n',
  )
  const { code, stdout } = await tiebeam(['start', 'src/ends.ts', 'one', 'two'], { cwd })
  assert.deepEqual([code, stdout], [7, "[ 'one', 'two' ]\n"])
})

test('stacks of programs in TypeScript name their own lines', async (t) => {
  const cwd = await newApp(t)
  writeFileSync(
    join(cwd, 'src/fails.ts'),
    'interface Shape {\n  a: number\n}\n\nsetTimeout(() => {\n  throw new Error("no")\n})\nexport type { Shape }\n',
  )
  const { code, stderr } = await tiebeam(['start', 'src/fails.ts'], { cwd })
  assert.equal(code, 1)
  assert.match(stderr, /src\/fails\.ts:6:/)
})

test('Elixir nodes are pinged, listed, called, and spoken with from a shell', async (t) => {
  if (!requirePeer(t, 'elixir', 'loopback')) return
  const name = `ex@${loopback(3)}`
  const elixir = await startElixir(t, { name, cookie: 'secret' })
  const env = { ERL_EPMD_PORT: String(elixir.epmdPort), RELEASE_COOKIE: 'secret' }
  const ask = async (...args: string[]) => {
    const ended = await tiebeam(args, { env })
    assert.deepEqual([ended.code, ended.stderr], [0, ''])
    return ended.stdout
  }

  await t.test('ping and nodes', async () => {
    assert.match(await ask('ping', name), /^pong/)
    assert.match(await ask('nodes', '--node', name), new RegExp(`^${name} +asked$`, 'm'))
    assert.match(await ask('status', '--node', name), new RegExp(`^${name} +no status`, 'm'))
  })

  await t.test('rpc, with JSON and with terms', async () => {
    assert.equal(await ask('rpc', name, "'Elixir.Enum'.sum", '[1, 2, 3]'), '6\n')
    assert.equal(await ask('rpc', name, 'String.upcase', 'tea'), "'TEA'\n")
    assert.equal(
      await ask('rpc', name, 'erlang:tuple_to_list', '{:a, "b", 1.5}', '--json'),
      '[\n  "a",\n  "b",\n  1.5\n]\n',
    )
    const failed = await tiebeam(['rpc', name, 'Enum.sum', ':nope'], { env })
    assert.equal(failed.code, 1)
    assert.match(failed.stderr, /^tiebeam: /)
  })

  await t.test('a shell connects, calls a GenServer, and is a visible node', async () => {
    const own = `foo@${loopback(4)}`
    const ended = await tiebeam(['shell', '--name', own], { env, input: `await connect('${name}')\nnodes()\n` })
    assert.deepEqual([ended.code, ended.stdout], [0, `true\n[ '${name}' ]\n`])
    assert.match(ended.stderr, new RegExp(`\\[${name} is up\\]`))
    await elixir.evaluateElixir(`
      defmodule Prices do
        use GenServer
        def init(state), do: {:ok, state}
        def handle_call({:price, article}, {from, _}, state), do: {:reply, {state[article], node(from), Node.list()}, state}
      end
      {:ok, _} = GenServer.start(Prices, %{"tea" => 4}, name: Prices)
    `)
    const called = await tiebeam(['shell', '--name', own], {
      env,
      input: `await call('Elixir.Prices', '${name}', tuple(atom('price'), 'tea'))\n`,
    })
    assert.equal(called.code, 0, called.stderr)
    assert.match(called.stdout, /4/)
    assert.equal(called.stdout.split(own).length - 1, 2, called.stdout)
  })
})

test('epmd serves, and lists its nodes', async (t) => {
  const port = String(await freePort())
  const epmd = startTiebeam(t, ['epmd', '--port', port])
  await epmd.waitForOutput(/EPMD listens on 127\.0\.0\.1/)
  if (requirePeer(t, 'erl')) {
    await startErl(t, { name: `one@${loopback(5)}`, epmd: { port: Number(port) } })
    const { stdout } = await tiebeam(['epmd', 'names', '--port', port, '--json'])
    assert.equal(JSON.parse(stdout)[0].name, 'one')
  }
  epmd.signal('SIGTERM')
  assert.deepEqual(await epmd.exited, { code: 0, signal: null })
})

test('a cluster that uses TLS is reached with the same variables as those of its apps', async (t) => {
  if (!requirePeer(t, 'openssl', 'loopback')) return
  const folder = scratchFolder(t)
  const host = loopback(6)
  const [key, certificate] = [join(folder, 'node.key'), join(folder, 'node.crt')]
  const made = await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=node', '-addext', `subjectAltName=IP:${host}`, '-keyout', key, '-out', certificate],
  ])
  assert.equal(made.code, 0, made.stderr)
  const epmdPort = await freePort()
  const [cert, ca] = [readFileSync(certificate), readFileSync(certificate)]
  const name = `safe@${host}`
  const node = await Node.start({
    name,
    cookie: 'secret',
    epmd: { port: epmdPort },
    tls: { cert, ca, key: readFileSync(key) },
  })
  t.after(() => node.stop())
  const env = { ERL_EPMD_PORT: String(epmdPort), RELEASE_COOKIE: 'secret' }
  const files = { TIEBEAM_TLS_CERT_FILE: certificate, TIEBEAM_TLS_KEY_FILE: key, TIEBEAM_TLS_CA_FILE: certificate }
  assert.match((await tiebeam(['ping', name], { env: { ...env, ...files } })).stdout, /^pong/)
  assert.equal((await tiebeam(['ping', name], { env })).code, 3)
})

test('a shell on a terminal tells of arrivals, and keeps the line that is being typed', async (t) => {
  if (!requirePeer(t, 'loopback')) return
  if (findProgram('script') === undefined) return t.skip('needs script, of bsdutils')
  const epmdPort = await freePort()
  const [own, other] = [`foo@${loopback(7)}`, `bar@${loopback(8)}`]
  const command = `${process.execPath} ${MAIN} shell --name ${own}`
  const env = cleanEnvironment({
    ...{ ERL_EPMD_PORT: String(epmdPort), RELEASE_COOKIE: 'secret' },
    ...{ HOME: scratchFolder(t), TERM: 'xterm' },
  })
  const terminal = new Child(
    t,
    spawnTied('script', ['-qec', command, '/dev/null'], { cwd: scratchFolder(t), env, stdio: 'pipe' }),
    'script',
  )
  await terminal.waitForOutput(new RegExp(`${own}> `))
  terminal.process.stdin?.write('20 + ')
  await terminal.waitForOutput(/20 \+ /)
  const node = await Node.start({ name: other, cookie: 'secret', epmd: { port: epmdPort } })
  t.after(() => node.stop())
  await node.connect(own)
  await terminal.waitForOutput(new RegExp(`\\[${other} is up\\]\\s[^]*${own}> [^]*20 \\+ `))
  node.send({ name: 'shell', node: own }, 'hello')
  await terminal.waitForOutput(/\[message\] 'hello'/)
  terminal.process.stdin?.write('22\r')
  await terminal.waitForOutput(/\[33m42/)
  terminal.process.stdin?.write('.exit\r')
  assert.equal((await terminal.exited).code, 0)
})
