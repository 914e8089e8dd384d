/**
 * The layers of the repository, as one table. Owners of a package adjust its line here.
 *
 * @typedef {object} PackageRule
 * @property {readonly string[]} mayImport other packages of this repository, by name
 * @property {readonly string[]} impure files and folders (ending in `/`, at any depth) of src that touch the world; all else is pure
 */

/** @type {Readonly<Record<string, PackageRule>>} */
export const packages = {
  '@tiebeam/etf': { mayImport: [], impure: [] },
  '@tiebeam/distribution': {
    mayImport: ['@tiebeam/etf'],
    impure: ['index.ts', 'node.ts', 'shell/', 'transport/'],
  },
  '@tiebeam/otp': {
    mayImport: ['@tiebeam/etf', '@tiebeam/distribution'],
    impure: ['index.ts', 'shell/'],
  },
  '@tiebeam/kernel': {
    mayImport: ['@tiebeam/etf', '@tiebeam/distribution', '@tiebeam/otp'],
    impure: ['index.ts', 'shell/'],
  },
  '@tiebeam/k8s': { mayImport: [], impure: ['index.ts', 'shell/'] },
  '@tiebeam/cluster': {
    mayImport: ['@tiebeam/etf', '@tiebeam/distribution', '@tiebeam/otp', '@tiebeam/kernel', '@tiebeam/k8s'],
    impure: ['index.ts', 'cluster.ts', 'shell/'],
  },
  '@tiebeam/tables': {
    mayImport: ['@tiebeam/etf', '@tiebeam/distribution', '@tiebeam/otp', '@tiebeam/k8s'],
    impure: ['index.ts', 'shell/', 'node/', 'open-tables.ts'],
  },
  tiebeam: {
    mayImport: [
      '@tiebeam/etf',
      '@tiebeam/distribution',
      '@tiebeam/otp',
      '@tiebeam/kernel',
      '@tiebeam/k8s',
      '@tiebeam/cluster',
      '@tiebeam/tables',
    ],
    impure: ['index.ts', 'shell/', 'command/main.ts', 'control/main.ts', 'manifests/command.ts', 'release/command.ts'],
  },
  '@tiebeam/testing': { mayImport: [], impure: ['**'] },
}

/** Packages that only tests, examples and benchmarks may import. */
export const testPackages = ['@tiebeam/testing']

/**
 * What a pure file may import at run time from outside its package: all of a module (`*`), or these names of it.
 * Types of packages may be imported without being listed.
 *
 * @type {Readonly<Record<string, '*' | readonly string[]>>}
 */
export const pureImports = {
  'node:assert': '*',
  'node:assert/strict': '*',
  'node:buffer': '*',
  'node:util': '*',
  'node:zlib': '*',
  // Functions of their arguments alone, in modules that also do other things.
  'node:crypto': ['createCipheriv', 'createDecipheriv', 'createHash', 'createHmac', 'timingSafeEqual'],
  'node:path': ['isAbsolute', 'join'],
  'node:net': ['BlockList', 'isIP', 'isIPv4', 'isIPv6'],
  yaml: ['stringify'],
  '@tiebeam/etf': '*',
  '@tiebeam/distribution': '*',
  '@tiebeam/otp': '*',
  // Descriptions of what is to be started, and data.
  '@tiebeam/tables': ['AuthorityKind', 'etcd', 'kubernetes', 'kubernetesAuthorityRules', 'members'],
}

/** What a pure file does not use, and what it takes instead. */
export const impureUses = [
  {
    pattern: /(?<![\w$.#])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/,
    instead: 'return an effect that asks for a timer',
  },
  {
    pattern: /(?<![\w$.#])Date\s*\.\s*now\b|(?<![\w$.#])new\s+Date\s*\(\s*\)/,
    instead: 'take the time as an argument',
  },
  { pattern: /(?<![\w$.#])performance\s*\.\s*\w/, instead: 'take the time as an argument' },
  { pattern: /(?<![\w$.#])Math\s*\.\s*random\b/, instead: 'take randomness as an argument' },
  {
    pattern: /(?<![\w$.#])crypto\s*\.\s*(?:getRandomValues|randomUUID|subtle)\b/,
    instead: 'take randomness as an argument',
  },
  { pattern: /(?<![\w$.#])(?:fetch|WebSocket)\s*\(/, instead: 'return an effect' },
  { pattern: /(?<![\w$.#])globalThis\b/, instead: 'take what you need as an argument' },
  {
    // In this project a local variable named `process` is an Erlang process, so only what Node's own has is looked for.
    pattern:
      /(?<![\w$.#])process\s*\.\s*(?:env|argv|hrtime|nextTick|stdout|stderr|stdin|cwd|uptime|platform|memoryUsage|emitWarning|getuid)\b/,
    instead: 'take what you need as an argument',
  },
]
