/** npm run build: installs and compiles what is missing or stale. */
import { ready, runMain } from './ready.mjs'

await runMain(async () => {
  await ready()
  return 0
})
