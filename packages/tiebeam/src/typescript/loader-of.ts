/** What a module is written in, by its URL; undefined when Node can run it as it is. */
export function loaderOf(url: string): 'ts' | 'tsx' | undefined {
  const [, extension] = /^file:[^?#]*\.(ts|mts|tsx)(?:[?#]|$)/.exec(url) ?? []
  if (extension === undefined) return undefined
  return extension === 'tsx' ? 'tsx' : 'ts'
}
