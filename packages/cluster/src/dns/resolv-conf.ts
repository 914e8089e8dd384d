/** What `resolv.conf(5)` says about names that are not complete. */
export interface SearchRules {
  /** Domains that are put behind a name, in this order. */
  readonly search: readonly string[]
  /** A name with so many dots is tried as it is first. */
  readonly ndots: number
}

export const noSearch: SearchRules = { search: [], ndots: 1 }

/** As glibc: more than this is ignored. */
const NDOTS_MAX = 15
const SEARCH_DOMAINS_MAX = 32

/** Reads `search` (or `domain`) and `options ndots:n`; of several lines the last counts, as `resolv.conf(5)` has it. */
export function parseSearchRules(resolvConf: string): SearchRules {
  let search: string[] = []
  let ndots = 1
  for (const line of resolvConf.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'search' || keyword === 'domain') {
      search = (keyword === 'domain' ? values.slice(0, 1) : values)
        .map(withoutFinalDot)
        .filter((domain) => domain !== '')
    }
    if (keyword !== 'options') continue
    for (const value of values) {
      const match = /^ndots:(\d{1,9})$/.exec(value)
      if (match !== null) ndots = Math.min(NDOTS_MAX, Number(match[1]))
    }
  }
  return { search: search.slice(0, SEARCH_DOMAINS_MAX), ndots }
}

/**
 * The complete names to ask for, in order, as the resolver of the C library does it: in a pod, `app` is asked for as
 * `app.<namespace>.svc.cluster.local` first. A name with a final dot is complete.
 */
export function candidates(name: string, rules: SearchRules): string[] {
  if (name.endsWith('.')) return [withoutFinalDot(name)]
  const searched = rules.search.map((domain) => `${name}.${domain}`)
  const dots = name.split('.').length - 1
  return [...new Set(dots >= rules.ndots ? [name, ...searched] : [...searched, name])]
}

function withoutFinalDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}
