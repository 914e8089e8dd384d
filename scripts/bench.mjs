/** npm run bench -- <name> [arguments]: makes the checkout ready, installs what is compared with, becomes bench/<name>.mjs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { members } from './layout.mjs'
import { root } from './processes.mjs'
import { install, ready, runMain } from './ready.mjs'

const folder = path.join(root, 'bench')

await runMain(async () => {
  const [name, ...rest] = process.argv.slice(2)
  const names = readdirSync(folder).flatMap((file) => (file.endsWith('.mjs') ? file.slice(0, -'.mjs'.length) : []))
  if (!name || !names.includes(name)) {
    throw new Error(
      `${name ? `No benchmark is named ${name}` : 'Name a benchmark'}: npm run bench -- ${names.join(' | ')}`,
    )
  }
  await ready(members(root).filter((member) => member.startsWith('packages/')))
  await installPeers()
  const entry = path.join(folder, `${name}.mjs`)
  process.argv.splice(1, process.argv.length, entry, ...rest)
  await import(pathToFileURL(entry).href)
  return Number(process.exitCode ?? 0)
})

/** A peer that cannot be installed, as a native one without a compiler, is left out: said here, seen by the benchmark's own import. */
async function installPeers() {
  try {
    await install(folder)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
  }
  /** @type {{ optionalDependencies: Record<string, string> }} */
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  for (const peer of Object.keys(optionalDependencies)) {
    if (existsSync(path.join(folder, 'node_modules', peer, 'package.json'))) continue
    console.error(`${peer} is not installed (a native package needs Python and a C++ compiler); compared without it.`)
  }
}
