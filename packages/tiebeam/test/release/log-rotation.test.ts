import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@tiebeam/testing'
import { LogRotation, rotations } from '../../src/release/runtime/log-rotation.ts'

test('a file takes what fits, and a new one begins with the rest', () => {
  const rotation = new LogRotation(10, 4)
  assert.deepEqual(
    [6, 1, 9, 1].map((bytes) => rotation.take(bytes)),
    [false, true, false, true],
  )
})

test('a piece that is longer than a file has one of its own', () => {
  const rotation = new LogRotation(10, 0)
  assert.deepEqual(
    [25, 1].map((bytes) => rotation.take(bytes)),
    [false, true],
  )
})

test('the oldest file is overwritten first', () => {
  assert.deepEqual(rotations('log', 3), [
    ['log.1', 'log.2'],
    ['log', 'log.1'],
  ])
  assert.deepEqual(rotations('log', 1), [])
})

test('the log of a daemon keeps within its bounds', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tiebeam-log-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))
  const daemon = fileURLToPath(new URL('../../src/release/runtime/shell/daemon.js', import.meta.url))
  const log = join(folder, 'log', 'app.log')
  const noise = 'i=0; while [ $i -lt 2000 ]; do echo "line $i of a talkative app"; i=$((i+1)); done; touch "$0"'
  const env = { ...process.env, TIEBEAM_LOG_BYTES_MAX: '5000', TIEBEAM_LOG_FILES_MAX: '3' }
  const end = join(folder, 'end')
  assert.equal(spawnSync(process.execPath, [daemon, log, 'sh', '-c', noise, end], { env }).status, 0)
  // The last line is written when all that had to move has moved.
  const isWritten = () => readdirSync(folder).includes('end') && readLog(log).includes('line 1999')
  await waitFor(isWritten, { what: () => 'the app to end' })
  const files = readdirSync(join(folder, 'log')).sort()
  assert.deepEqual(files, ['app.log', 'app.log.1', 'app.log.2'])
  // Pieces are as long as the pipe hands them over, 64 KiB at most.
  for (const file of files) assert.ok(statSync(join(folder, 'log', file)).size <= 65_536)
})

/** While files move, there is none of this name for a moment. */
function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
