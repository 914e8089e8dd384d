/**
 * Reads TypeScript as far as the layering check needs it: blanks comments and the contents of strings, and lists what
 * is imported. No parser: TypeScript 7 has no stable one in JavaScript.
 */

/**
 * @typedef {object} Import
 * @property {string} specifier
 * @property {boolean} typeOnly erased by the compiler: nothing of the module runs
 * @property {string[]} names what is taken by name; `*` for a namespace, a side effect or a dynamic import, `default` for a default
 * @property {number} line counted from 1
 *
 * @typedef {{ code: string, imports: Import[] }} SourceScan
 *   `code` is as long as the source, line for line, so that offsets keep their meaning
 */

/** Before a slash, these end an operand, so that the slash divides; after anything else a regular expression starts. */
const operandEnd = /[\w$)\]}]$/
const keywordBeforeRegExp =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield|instanceof)$/

/**
 * @param {string} source
 * @returns {SourceScan}
 */
export function scanSource(source) {
  /** @type {{ start: number, end: number, value: string }[]} */
  const strings = []
  let code = ''
  let at = 0
  /** Depth of braces in each template substitution that is open. @type {number[]} */
  const substitutions = []

  /** Copies up to `end`, with everything but line breaks blanked. @param {number} end */
  const blank = (end) => {
    code += source.slice(at, end).replace(/[^\n]/g, ' ')
    at = end
  }
  /** Copies up to `end` as it is. @param {number} end */
  const keep = (end) => {
    code += source.slice(at, end)
    at = end
  }
  /** From inside a template literal to its end or its next substitution. */
  const template = () => {
    const end = endOf(source, at, '`', '${')
    if (source[end] === '$') {
      blank(end)
      keep(end + 2)
      substitutions.push(0)
    } else {
      blank(end)
      keep(Math.min(end + 1, source.length))
    }
  }

  while (at < source.length) {
    const char = /** @type {string} */ (source[at])
    const next = source[at + 1]
    if (char === '/' && next === '/') blank(indexOr(source, '\n', at))
    else if (char === '/' && next === '*') blank(indexOr(source, '*/', at + 2, 2))
    else if (char === '"' || char === "'") {
      const start = at
      const end = endOf(source, at + 1, char)
      strings.push({ start, end, value: source.slice(start + 1, end) })
      keep(at + 1)
      blank(end)
      keep(Math.min(end + 1, source.length))
    } else if (char === '`') {
      keep(at + 1)
      template()
    } else if (char === '/' && startsRegExp(code)) blank(endOfRegExp(source, at))
    else {
      const depth = substitutions.at(-1)
      if (depth !== undefined && char === '{') substitutions[substitutions.length - 1] = depth + 1
      if (depth !== undefined && char === '}') {
        if (depth === 0) {
          substitutions.pop()
          keep(at + 1)
          template()
          continue
        }
        substitutions[substitutions.length - 1] = depth - 1
      }
      keep(at + 1)
    }
  }
  return { code, imports: strings.flatMap((string) => importOf(code, string.start, string.value) ?? []) }
}

/**
 * The import that a string literal is the specifier of, if it is one.
 *
 * @param {string} code
 * @param {number} start where the literal starts
 * @param {string} specifier
 * @returns {Import | undefined}
 */
function importOf(code, start, specifier) {
  const before = code.slice(0, start)
  const line = before.split('\n').length
  if (/(?:^|[^\w$.])(?:import|require)\s*\(\s*$/.test(before)) {
    // `typeof import('x')` and `import('x').T` in a type look the same as a dynamic import, and are treated as one.
    return { specifier, typeOnly: false, names: ['*'], line }
  }
  if (/(?:^|[^\w$.])import\s*$/.test(before)) return { specifier, typeOnly: false, names: ['*'], line }
  const statement = /(?:^|[^\w$.])(?:import|export)\s+(?!.*(?:[^\w$.])(?:import|export)\s)([^;]*?)\s*from\s*$/s.exec(
    before,
  )
  if (!statement) return undefined
  const clause = statement[1] ?? ''
  const typeOnly = /^type\b(?!\s*(?:,|from\b|$))/.test(clause)
  return { specifier, typeOnly, names: namesOf(clause.replace(/^type\s+/, '')), line }
}

/** @param {string} clause what stands between `import` or `export` and `from` */
function namesOf(clause) {
  const braces = /\{([^}]*)\}/.exec(clause)
  const named = (braces?.[1] ?? '')
    .split(',')
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? '',
    )
    .filter(Boolean)
  const rest = clause
    .replace(/\{[^}]*\}/, '')
    .replace(/,/g, ' ')
    .trim()
  if (rest.includes('*')) named.push('*')
  else if (rest) named.push('default')
  return named
}

/** @param {string} code everything before the slash, comments and strings blanked */
function startsRegExp(code) {
  const before = code.slice(-80).trimEnd()
  return before === '' || !operandEnd.test(before) || keywordBeforeRegExp.test(before)
}

/**
 * @param {string} source
 * @param {number} at the opening slash
 */
function endOfRegExp(source, at) {
  let inClass = false
  for (let i = at + 1; i < source.length && source[i] !== '\n'; i++) {
    const char = source[i]
    if (char === '\\') i++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) return i + 1
  }
  // No end on this line: it was a division after all.
  return at + 1
}

/**
 * Where the first of the terminators stands that no backslash escapes; the end of the source if there is none.
 *
 * @param {string} source
 * @param {number} from
 * @param {string[]} terminators
 */
function endOf(source, from, ...terminators) {
  for (let i = from; i < source.length; i++) {
    if (source[i] === '\\') i++
    else if (terminators.some((terminator) => source.startsWith(terminator, i))) return i
  }
  return source.length
}

/**
 * @param {string} source
 * @param {string} wanted
 * @param {number} from
 * @param {number} [past] added when found
 */
function indexOr(source, wanted, from, past = 0) {
  const found = source.indexOf(wanted, from)
  return found === -1 ? source.length : found + past
}
