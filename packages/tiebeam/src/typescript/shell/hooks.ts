import { readFile } from 'node:fs/promises'
import type { LoadHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { loaderOf } from '../loader-of.ts'

/** Turns each module by itself into JavaScript, so that `import.meta.url` stays what it is; types are not checked. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const loader = loaderOf(url)
  if (loader === undefined) return nextLoad(url, context)
  const path = fileURLToPath(url)
  const { code } = await transform(await readFile(path, 'utf8'), {
    loader,
    format: 'esm',
    target: `node${process.versions.node}`,
    sourcefile: path,
    sourcemap: 'inline',
  })
  return { format: 'module', source: code, shortCircuit: true }
}
