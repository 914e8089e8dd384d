/** The lock file says what the manifests say, and does not name the registry that it was made with. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { members } from '../layout.mjs'

const compared = [
  'name',
  'version',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'workspaces',
]

/**
 * @param {string} root
 * @returns {string[]} what is wrong, one line each
 */
export function checkLockFiles(root) {
  return [...checkLockFile(root, '', ['', ...members(root)]), ...checkLockFile(root, 'bench', [''])]
}

/**
 * @param {string} root
 * @param {string} folder of the lock file, relative to the root
 * @param {readonly string[]} manifests folders of the manifests it covers, relative to its own
 * @returns {string[]}
 */
function checkLockFile(root, folder, manifests) {
  const read = (/** @type {string[]} */ ...names) => JSON.parse(readFileSync(path.join(root, folder, ...names), 'utf8'))
  /** @type {{ packages: Record<string, Record<string, unknown>> }} */
  const lock = read('package-lock.json')
  const label = path.posix.join(folder, 'package-lock.json')
  const stale = manifests.flatMap((member) => {
    const manifest = read(member, 'package.json')
    const locked = lock.packages[member]
    if (!locked) return [`${label} lacks ${member}; run npm install`]
    // npm leaves out a name that is that of the folder.
    /** @type {Record<string, unknown>} */
    const entry = { name: member === '' ? undefined : path.posix.basename(member), ...locked }
    const differing = compared.filter((key) => !isDeepStrictEqual(manifest[key], entry[key]))
    return differing.map(
      (key) => `${label} has other ${key} than ${path.posix.join(member, 'package.json')}; run npm install`,
    )
  })
  const addressed = Object.entries(lock.packages).flatMap(([location, { resolved }]) =>
    /^https?:/.test(String(resolved)) ? [`${label} names a registry for ${location}; .npmrc should keep it out`] : [],
  )
  return [...stale, ...addressed]
}
