import { existsSync } from 'node:fs'
import { copyFile, readFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { type BuildFailure, build, formatMessages, type Loader, type Plugin } from 'esbuild'
import { TiebeamError } from '../../errors.ts'
import { candidates, isProgram, locatedFiles, relocate, uniqueName } from '../located-files.ts'
import { refuseNativeModules } from './native-modules.ts'

export interface BundleInit {
  /** Where to write; there already. */
  readonly folder: string
  /** Modules that are left out. */
  readonly external: readonly string[]
}

/** CommonJS modules ask for Node's own by `require`. It is a global, so that an app may have one of its own. */
const BANNER =
  "import{createRequire as createReleaseRequire}from'node:module';globalThis.require??=createReleaseRequire(import.meta.url);"

/** Each program becomes one file of a flat folder; what it names by `new URL(…, import.meta.url)` comes to stand beside it. */
export class Bundle {
  readonly #init: BundleInit
  /** Names in the folder, by the path of the source. */
  readonly #files = new Map<string, string>()
  readonly #names = new Set<string>()
  #waiting: string[] = []

  constructor(init: BundleInit) {
    this.#init = init
  }

  /**
   * Adds a program, and all that it names.
   * @returns its name in the folder
   * @throws TiebeamError `RELEASE_FAILED` with what the bundler says
   */
  async add(source: string, name?: string): Promise<string> {
    const added = this.#name(source, name)
    // A program may name others, which then wait.
    for (let path = this.#waiting.pop(); path !== undefined; path = this.#waiting.pop()) {
      const target = join(this.#init.folder, this.#files.get(path)!)
      if (isProgram(path)) await this.#build(path, target)
      else await copyFile(path, target)
    }
    return added
  }

  #name(path: string, wanted?: string): string {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const own = isProgram(path) ? `${basename(path, extname(path))}.js` : basename(path)
    const name = uniqueName(wanted ?? own, this.#names)
    this.#files.set(path, name)
    this.#names.add(name)
    this.#waiting.push(path)
    return name
  }

  async #build(entry: string, outfile: string): Promise<void> {
    try {
      await build({
        entryPoints: [entry],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node20.19',
        sourcemap: 'linked',
        legalComments: 'inline',
        keepNames: true,
        logLevel: 'silent',
        external: [...this.#init.external],
        banner: { js: BANNER },
        define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
        plugins: [refuseNativeModules(), this.#relocating()],
      })
    } catch (cause) {
      const errors = (cause as BuildFailure).errors ?? []
      const texts = await formatMessages(errors, { kind: 'error' })
      const text = texts.length === 0 ? (cause as Error).message : texts.join('').trimEnd()
      throw new TiebeamError('RELEASE_FAILED', `${entry} cannot be bundled:\n${text}`, { cause })
    }
  }

  #relocating(): Plugin {
    return {
      name: 'located files',
      setup: (builder) => {
        builder.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
          const source = await readFile(path, 'utf8')
          const located = locatedFiles(source)
          const names = new Map<string, string>()
          for (const { specifier } of located) {
            const file = candidates(resolve(dirname(path), specifier)).find((each) => existsSync(each))
            if (file !== undefined) names.set(specifier, this.#name(file))
          }
          if (names.size === 0) return undefined
          return { contents: relocate(source, located, names), loader: loaderOf(path), resolveDir: dirname(path) }
        })
      },
    }
  }
}

function loaderOf(path: string): Loader {
  const [, kind = 'js'] = /\.[cm]?([jt]sx?)$/.exec(path) ?? []
  return kind as Loader
}
