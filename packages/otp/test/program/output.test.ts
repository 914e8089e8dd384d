import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atom, type Node, tuple } from '@tiebeam/distribution'
import { waitFor } from '@tiebeam/testing'
import { Program, type ProgramLine, programLineOf } from '../../src/index.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { startAlone } from '../start.ts'
import { asProcess, outputOf, script } from './program-node.ts'

const FLOOD = "yes 'a line that is printed again and again'"

function residentBytes(): number {
  return process.memoryUsage().rss
}

test('output goes to the log: info and warn, with the program and the stream', async (t) => {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  const program = await Program.start(node, {
    ...script('echo out; printf "half "; printf line; echo err >&2'),
    logger,
    id: 'printer',
  })
  await program.exited
  const { osPid } = program
  const printed = logger.lines.filter(({ fields }) => fields.stream !== undefined)
  assert.deepEqual(
    printed.filter(({ level }) => level === 'info'),
    ['out', 'half line'].map((text) => ({
      level: 'info',
      text,
      fields: { program: 'printer', osPid, stream: 'stdout' },
    })),
  )
  assert.deepEqual(
    printed.filter(({ level }) => level === 'warn'),
    [{ level: 'warn', text: 'err', fields: { program: 'printer', osPid, stream: 'stderr' } }],
  )
})

test('output goes to a process as messages, by pid or by name, all of it before the end', async (t) => {
  const node = await startAlone(t)
  await asProcess(node, async (self) => {
    self.register('reader')
    for (const to of [self.pid, 'reader', { name: 'reader', node: node.name }]) {
      const program = await Program.start(node, { ...script('printf "a\\r\\n"; printf b'), output: { to } })
      self.link(program.pid)
      const lines: ProgramLine[] = []
      while (lines.length < 2) lines.push(await self.receive({ match: programLineOf }))
      assert.deepEqual(lines, [
        { program: program.pid, stream: 'stdout', text: 'a', complete: true },
        { program: program.pid, stream: 'stdout', text: 'b', complete: false },
      ])
    }
  })
})

test('long lines come in pieces of at most lineBytesMax', async (t) => {
  const node = await startAlone(t)
  const lines = await outputOf(node, { ...script('printf "%050d\\n1\\n" 7'), lineBytesMax: 20 })
  assert.deepEqual(lines, ['0'.repeat(20), '0'.repeat(20), '0000000007', '1'])
})

test('every line of much output arrives, in order', async (t) => {
  const node = await startAlone(t)
  const lines = await outputOf(node, { command: 'seq', args: ['200000'] })
  assert.equal(lines.length, 200_000)
  assert.ok(lines.every((line, index) => Number(line) === index + 1))
})

test('a function that returns a promise gets one line at a time', async (t) => {
  const node = await startAlone(t)
  const seen: string[] = []
  let calls = 0
  const program = await Program.start(node, {
    command: 'seq',
    args: ['20'],
    output: async ({ text }) => {
      assert.equal(++calls, 1)
      await sleep(1)
      seen.push(text)
      calls--
    },
  })
  await program.exited
  assert.equal(seen.length, 20)
})

for (const [what, output] of [
  [
    'throws',
    () => {
      throw new Error('no room')
    },
  ],
  ['rejects', () => Promise.reject(new Error('no room'))],
] as const) {
  test(`a program whose output is given to a function that ${what} is ended with that reason`, async (t) => {
    const node = await startAlone(t)
    const logger = new RecordingLogger()
    const program = await Program.start(node, { ...script(FLOOD), output, logger })
    const { reason } = await program.exited
    assert.deepEqual(reason, tuple(atom('output_failed'), 'Error: no room'))
    assert.equal(logger.texts('error').length, 1)
  })
}

test('a process that does not read has a full mailbox and no more, and the program waits', async (t) => {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  const lines = await asProcess(node, async (self) => {
    const before = residentBytes()
    const program = await Program.start(node, {
      ...script(FLOOD),
      output: { to: self.pid },
      receiverMessagesMax: 500,
      logger,
    })
    await waitFor(() => self.mailboxLength >= 500)
    await sleep(200)
    assert.equal(self.mailboxLength, 500)
    assert.ok(residentBytes() - before < 100 * 1024 * 1024)
    // It goes on as soon as there is room.
    for (let count = 0; count < 2_000; count++) await self.receive({ match: programLineOf })
    // And is not kept from ending by the lines that nobody reads.
    await program.stop()
    return self.mailboxLength
  })
  assert.ok(lines <= 500)
  assert.ok(
    logger.lines.some(
      ({ text, fields }) => text.startsWith('lines were dropped') && (fields.droppedLines as number) > 0,
    ),
  )
})

test('the last lines of a program that ends by itself wait a second for their receiver, and not for ever', async (t) => {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  let taken = 0
  const program = await Program.start(node, {
    command: 'seq',
    args: ['1000'],
    output: () => {
      taken++
      return sleep(50)
    },
    logger,
  })
  assert.equal((await program.exited).status, 0)
  const before = taken
  assert.ok(before > 1 && before < 1000)
  assert.ok(logger.texts('warn').some((text) => text.includes('is dropped')))
  await sleep(200)
  assert.equal(taken, before)
})

test('a flood of output that is discarded or slowly read does not fill the memory', async (t) => {
  const node = await startAlone(t)
  let taken = 0
  const discarded = await Program.start(node, { ...script(`echo go; ${FLOOD}`), output: 'discard', ready: /go/ })
  const slow = await Program.start(node, {
    ...script(FLOOD),
    output: () => {
      taken++
      return sleep(1)
    },
  })
  await waitFor(() => taken > 20)
  const before = residentBytes()
  await sleep(700)
  assert.ok(residentBytes() - before < 150 * 1024 * 1024)
  await Promise.all([discarded.stop(), slow.stop()])
})

test('output to nobody is dropped, which is said once', async (t) => {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  for (const to of ['nobody', await deadPid(node)]) {
    logger.lines.length = 0
    const program = await Program.start(node, { command: 'seq', args: ['100'], output: { to }, logger })
    assert.equal((await program.exited).status, 0)
    assert.equal(logger.texts('warn').filter((text) => text.startsWith('nobody is there')).length, 1)
  }
})

async function deadPid(node: Node) {
  const pid = await asProcess(node, async (self) => self.pid)
  await waitFor(() => !node.isAlive(pid))
  return pid
}

test('what is written comes to the program, by function or message, until its input is closed', async (t) => {
  const node = await startAlone(t)
  const logger = new RecordingLogger()
  const program = await Program.start(node, { command: 'cat', input: 'pipe', name: 'cat', logger })
  await program.write('a\n')
  await program.write(Uint8Array.of(0xe2, 0x82, 0xac, 0x0a))
  node.send('cat', tuple(atom('input'), 'c\n'))
  node.send('cat', 'neither input nor anything else')
  node.send('cat', tuple(atom('input'), atom('eof')))
  assert.equal((await program.exited).status, 0)
  const printed = logger.lines.filter(({ fields }) => fields.stream === 'stdout').map(({ text }) => text)
  assert.deepEqual(printed, ['a', '€', 'c'])
  await assert.rejects(program.write('d'), { code: 'PROGRAM_INPUT_CLOSED' })
})

test('input is refused when there is none, or too much of it waits', async (t) => {
  const node = await startAlone(t)
  const without = await Program.start(node, { command: 'sleep', args: ['600'] })
  await assert.rejects(without.write('x'), { code: 'PROGRAM_INPUT_CLOSED' })
  await without.stop()

  const logger = new RecordingLogger()
  const program = await Program.start(node, {
    command: 'sleep',
    args: ['600'],
    input: 'pipe',
    inputBytesMax: 100_000,
    logger,
  })
  const first = program.write('x'.repeat(4_000_000))
  await assert.rejects(program.write('x'), { code: 'PROGRAM_INPUT_FULL' })
  node.send(program.pid, tuple(atom('input'), 'x'))
  node.send(program.pid, tuple(atom('input'), 'x'))
  await waitFor(() => logger.texts('warn').some((text) => text.includes('input of the program was refused')))
  await Promise.all([program.stop(), assert.rejects(first, { code: 'PROGRAM_INPUT_CLOSED' })])
  assert.equal(logger.texts('warn').filter((text) => text.includes('refused')).length, 1)
})
