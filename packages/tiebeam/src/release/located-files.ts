/** A file that a module names by its own place: `new URL('./thread.ts', import.meta.url)`. */
export interface LocatedFile {
  readonly specifier: string
  /** Of the whole expression. */
  readonly start: number
  readonly end: number
}

const LOCATED = /new URL\(\s*(['"`])(\.{1,2}\/[^'"`$\n]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g

export function locatedFiles(source: string): LocatedFile[] {
  return Array.from(source.matchAll(LOCATED), (match) => ({
    specifier: match[2]!,
    start: match.index,
    end: match.index + match[0].length,
  }))
}

/** The source with each expression that has one in `names` located beside the bundle, under that name. */
export function relocate(source: string, files: readonly LocatedFile[], names: ReadonlyMap<string, string>): string {
  let text = ''
  let at = 0
  for (const { specifier, start, end } of files) {
    const name = names.get(specifier)
    if (name === undefined) continue
    text += `${source.slice(at, start)}new URL(${JSON.stringify(`./${name}`)}, import.meta.url)`
    at = end
  }
  return text + source.slice(at)
}

/** Files that may stand where a specifier says: tsc leaves the `.js` of a path in place, and so do its users. */
export function candidates(path: string): string[] {
  const [, stem, c = ''] = /^(.*)\.([cm]?)js$/.exec(path) ?? []
  return stem === undefined ? [path] : [path, `${stem}.${c}ts`, `${stem}.tsx`]
}

export function isProgram(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path)
}

/** A name in the flat folder of the bundle: of the file, made unique by what stands before it where that is needed. */
export function uniqueName(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base
  const [, stem = base, extension = ''] = /^(.*?)(\.[^.]*)?$/.exec(base) ?? []
  for (let number = 2; ; number += 1) {
    const name = `${stem}-${number}${extension}`
    if (!taken.has(name)) return name
  }
}
