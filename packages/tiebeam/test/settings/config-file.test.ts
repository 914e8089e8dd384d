import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readConfigFile } from '../../src/settings/shell/config-file.ts'

async function folderWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tiebeam-config-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

const module = 'export default { drainMs: 7 }'

test('the file that TIEBEAM_CONFIG names goes before the one that is there by its name', async (t) => {
  const folder = await folderWith(t, { 'tiebeam.config.json': '{"drainMs": 5}', 'other.mjs': module })
  assert.deepEqual((await readConfigFile({}, folder))?.content, { drainMs: 5 })
  assert.deepEqual((await readConfigFile({ TIEBEAM_CONFIG: '' }, folder))?.content, { drainMs: 5 })
  assert.deepEqual((await readConfigFile({ TIEBEAM_CONFIG: 'other.mjs' }, folder))?.content, { drainMs: 7 })
})

test('a module gives its default export', async (t) => {
  const folder = await folderWith(t, { 'tiebeam.config.mjs': module })
  assert.deepEqual((await readConfigFile({}, folder))?.content, { drainMs: 7 })
})

test('no file is no configuration', async (t) => {
  assert.equal(await readConfigFile({}, await folderWith(t, {})), undefined)
})

test('a file that is named and not there, or no JSON, stops the start with its path', async (t) => {
  const folder = await folderWith(t, { 'tiebeam.config.json': '{"drainMs": ' })
  const code = 'SETTING_INVALID'
  await assert.rejects(readConfigFile({}, folder), { code, message: /tiebeam\.config\.json, which cannot be read/ })
  await assert.rejects(readConfigFile({ TIEBEAM_CONFIG: 'no.json' }, folder), { code, message: /no\.json.*ENOENT/ })
})
