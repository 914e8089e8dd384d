import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { StreamLogger, type StreamLoggerInit } from '../../src/logs/shell/stream-logger.ts'

function logger(init: Partial<StreamLoggerInit> = {}, isTTY = false) {
  const lines: string[] = []
  const stream = { isTTY, write: (text: string) => lines.push(text) }
  const now = () => new Date('2026-01-02T03:04:05.678Z')
  const base = { stream, level: 'info', format: 'auto', colours: true, secrets: [], now } as const
  return { lines, log: StreamLogger.create({ ...base, ...init }) }
}

test('a piped log is JSON, one object a line, with what children add', () => {
  const { lines, log } = logger()
  log.child({ node: 'a@b' }).info({ peer: 'c@d', count: 2n, at: new Date(0) }, 'node up')
  assert.equal(lines.length, 1)
  assert.ok(lines[0]?.endsWith('}\n'))
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    level: 'info',
    time: '2026-01-02T03:04:05.678Z',
    msg: 'node up',
    node: 'a@b',
    peer: 'c@d',
    count: '2',
    at: '1970-01-01T00:00:00.000Z',
  })
})

test('errors keep their code, their stack and what caused them', () => {
  const { lines, log } = logger()
  const cause = new TypeError('deep')
  log.error({ err: Object.assign(new Error('outer', { cause }), { code: 'X' }) }, 'failed')
  const { err } = JSON.parse(lines[0] ?? '') as { err: Record<string, unknown> }
  assert.deepEqual([err.type, err.message, err.code], ['Error', 'outer', 'X'])
  assert.match(String(err.stack), /stream-logger/)
  assert.deepEqual((err.cause as Record<string, unknown>).message, 'deep')
})

test('on a terminal it is text, in colours where they are wanted', () => {
  const coloured = logger({}, true)
  coloured.log.warn({ peer: 'c@d' }, 'gone')
  assert.equal(
    coloured.lines[0],
    '\u001b[90m03:04:05.678\u001b[39m \u001b[33mWARN \u001b[39m gone \u001b[90mpeer=\u001b[39mc@d\n',
  )
  const plain = logger({ colours: false }, true)
  plain.log.warn({ peer: 'c@d' }, 'gone')
  assert.equal(plain.lines[0], '03:04:05.678 WARN  gone peer=c@d\n')
})

test('what is below the level is not written', () => {
  const { lines, log } = logger({ level: 'warn' })
  log.info('no')
  log.debug('no')
  log.warn('yes')
  assert.equal(lines.length, 1)
  const silent = logger({ level: 'silent' })
  silent.log.fatal('no')
  assert.deepEqual(silent.lines, [])
})

test('a secret is never written, however it gets into a line', () => {
  const { lines, log } = logger({ secrets: ['s3"cret'] })
  log.info({ cookie: 's3"cret', err: new Error('with s3"cret') }, 'cookie s3"cret')
  assert.ok(!lines.join('').includes('s3'))
  assert.match(lines[0] ?? '', /"cookie":"\[redacted\]"/)
})

test('a field that cannot be shown, and a stream that is gone, harm nobody', () => {
  const { lines, log } = logger()
  const field = {
    get broken(): never {
      throw new Error('no')
    },
  }
  log.info({ field }, 'shown all the same')
  assert.match(lines[0] ?? '', /shown all the same/)
  const stream = {
    write: () => {
      throw new Error('EPIPE')
    },
  }
  logger({ stream }).log.info('nobody hears')
})

test('a program goes on when the reader of its log has gone', async () => {
  const module = new URL('../../src/logs/shell/stream-logger.js', import.meta.url).href
  const source = `import { StreamLogger } from ${JSON.stringify(module)}
    const init = { stream: process.stdout, level: 'info', format: 'json', colours: false, secrets: [] }
    const logger = StreamLogger.create(init)
    let lines = 0
    const timer = setInterval(() => {
      logger.info('line')
      if (++lines < 50) return
      clearInterval(timer)
      process.exitCode = 7
    }, 2)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.destroy()
  assert.deepEqual(await once(child, 'exit'), [7, null])
})
