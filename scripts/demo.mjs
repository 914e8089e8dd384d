/** npm run demo [-- --once]: makes the checkout ready, then becomes the demo. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './processes.mjs'
import { ready, runMain } from './ready.mjs'

const entry = path.join(root, 'examples/demo/dist/src/main.js')

await runMain(async () => {
  await ready(['examples/demo'])
  if (!existsSync(entry)) throw new Error('examples/demo/src/main.ts was not compiled: is it there?')
  process.argv[1] = entry
  await import(pathToFileURL(entry).href)
  return Number(process.exitCode ?? 0)
})
