import { ClusterError } from '../errors.ts'

/** What `erl_scan` skips. */
const BLANK = /(?:\s|%.*)+/y
/** An atom without quotes, as `erl_scan` has it. */
const ATOM = /[a-z\u00df-\u00f6\u00f8-\u00ff][\w@\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]*/y
/** A quoted atom, or a string. No host has a character that would have to be written as an escape sequence. */
const QUOTED = /'([^'\\\n]*)'|"([^"\\\n]*)"/y
/** A dot ends a term only before white space, a comment or the end of the file. */
const DOT = /\.(?=\s|%|$)/y

/**
 * The hosts in a `.hosts.erlang` file, each once: atoms or strings, each ended by a dot, as `net_adm:host_file/0` reads them.
 * https://www.erlang.org/doc/apps/kernel/net_adm.html
 * @throws ClusterError `LOOKUP_FAILED` with the line of what is something else
 */
export function parseHostsFile(text: string): string[] {
  const hosts = new Set<string>()
  let offset = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset
    const match = pattern.exec(text)
    if (match !== null) offset = pattern.lastIndex
    return match
  }
  for (take(BLANK); offset < text.length; take(BLANK)) {
    const quoted = take(QUOTED)
    const host = quoted === null ? take(ATOM)?.[0] : (quoted[1] ?? quoted[2])
    if (host === undefined) throw malformed(text, offset, "a host in single quotes, such as 'a.example'")
    take(BLANK)
    if (take(DOT) === null) throw malformed(text, offset, `a dot after ${JSON.stringify(host)}`)
    hosts.add(host)
  }
  return [...hosts]
}

function malformed(text: string, offset: number, expected: string): ClusterError {
  const line = text.slice(0, offset).split('\n').length
  return new ClusterError('LOOKUP_FAILED', `.hosts.erlang, line ${line}: expected ${expected}.`)
}
