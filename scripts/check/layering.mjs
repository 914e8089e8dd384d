/**
 * Dependencies point one way, and pure files touch nothing: no socket, timer, clock, randomness or file.
 * The rules are in layering-rules.mjs.
 */
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import { filesBelow } from '../layout.mjs'
import { impureUses, packages, pureImports, testPackages } from './layering-rules.mjs'
import { scanSource } from './source-scan.mjs'

/**
 * @typedef {{ name: string, dependencies: readonly string[] }} PackageFacts
 * @typedef {import('./source-scan.mjs').Import} Import
 */

/**
 * Checks the sources of all packages.
 *
 * @param {string} root
 * @returns {string[]} what is wrong, one line each
 */
export function checkLayering(root) {
  /** @type {string[]} */
  const problems = []
  for (const folder of packageFolders(root)) {
    const manifest = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'))
    if (!packages[manifest.name]) {
      problems.push(`${folder}: ${manifest.name} is not in scripts/check/layering-rules.mjs; add it`)
      continue
    }
    const facts = { name: manifest.name, dependencies: Object.keys(manifest.dependencies ?? {}) }
    for (const file of filesBelow(path.join(root, folder, 'src')).filter((name) => name.endsWith('.ts'))) {
      const source = readFileSync(path.join(root, folder, 'src', file), 'utf8')
      problems.push(...checkFile(facts, file, source).map((problem) => `${folder}/src/${file}:${problem}`))
    }
  }
  return problems
}

/**
 * Checks one source file.
 *
 * @param {PackageFacts} facts
 * @param {string} file relative to src
 * @param {string} source
 * @returns {string[]} `line: what is wrong`
 */
export function checkFile(facts, file, source) {
  const { code, imports } = scanSource(source)
  const pure = isPure(facts.name, file)
  const problems = imports.flatMap((imported) => {
    const reason = checkImport(facts, file, pure, imported)
    return reason ? [{ line: imported.line, reason }] : []
  })
  if (pure) {
    for (const { pattern, instead } of impureUses) {
      for (const match of code.matchAll(new RegExp(pattern, 'g'))) {
        const line = code.slice(0, match.index).split('\n').length
        problems.push({ line, reason: `a pure file uses ${match[0].replace(/\s+/g, ' ')}; ${instead}` })
      }
    }
  }
  return problems.sort((a, b) => a.line - b.line).map(({ line, reason }) => `${line}: ${reason}`)
}

/**
 * @param {string} name of the package
 * @param {string} file relative to src
 */
export function isPure(name, file) {
  return !packages[name]?.impure.some(
    (pattern) => pattern === '**' || pattern === file || (pattern.endsWith('/') && `/${file}`.includes(`/${pattern}`)),
  )
}

/**
 * @param {PackageFacts} facts
 * @param {string} file
 * @param {boolean} pure
 * @param {Import} imported
 * @returns {string | undefined} what is wrong with it
 */
function checkImport(facts, file, pure, imported) {
  const { specifier, typeOnly } = imported
  if (specifier.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(file), specifier)
    if (target.startsWith('..')) return `imports ${specifier}, which is outside src; import the package by its name`
    if (pure && !typeOnly && !isPure(facts.name, target)) return `a pure file imports ${specifier}, which is not pure`
    return undefined
  }
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return `imports ${specifier}; write node:${specifier}`
    // Even the type of a socket has no place in a file that must not know of sockets.
    return pure ? checkPureImport(imported) : undefined
  }
  const [scope = '', name = ''] = specifier.split('/')
  const imports = specifier.startsWith('@') ? `${scope}/${name}` : scope
  if (testPackages.includes(imports)) return `imports ${imports}, which is for tests only`
  if (packages[imports]) {
    if (imports !== specifier) return `imports ${specifier}; only ${imports} itself can be imported`
    const mayImport = packages[facts.name]?.mayImport ?? []
    if (!mayImport.includes(imports)) {
      return `imports ${imports}; ${facts.name} may import ${mayImport.join(', ') || 'no other package'}`
    }
  }
  if (!facts.dependencies.includes(imports)) return `imports ${imports}, which is not among its dependencies`
  return pure && !typeOnly ? checkPureImport(imported) : undefined
}

/**
 * @param {Import} imported
 * @returns {string | undefined}
 */
function checkPureImport({ specifier, names }) {
  const allowed = pureImports[specifier]
  if (allowed === '*') return undefined
  if (!allowed) return `a pure file imports ${specifier}`
  const others = names.filter((name) => !allowed.includes(name))
  return others.length > 0 ? `a pure file imports ${others.join(', ')} of ${specifier}` : undefined
}

/** @param {string} root */
function packageFolders(root) {
  const manifests = filesBelow(path.join(root, 'packages')).filter((file) => /^[^/]+\/package\.json$/.test(file))
  return manifests.map((file) => `packages/${path.dirname(file)}`)
}
