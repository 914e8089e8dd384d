import { TiebeamError } from '../errors.ts'

export interface ReleaseInit {
  /** Name of the release: of its folder, of its script, and what stands before the `@` of its node. */
  readonly name: string
  /** `RELEASE_VSN`. */
  readonly version: string
  /** The program that the release starts: a file in TypeScript or JavaScript. */
  readonly entry: string
  /** Programs that the app starts by a path which it computes: threads and child processes. Those that it names are found. */
  readonly entries?: readonly string[]
  /** The folder to write. One that is not a release is never overwritten. */
  readonly out: string
  /** Whether the Node of this process goes with it. Default false: then `node` of the PATH runs it. */
  readonly withNode?: boolean
  /** Whether a cookie is generated, or that of the release before kept. Default true. */
  readonly cookie?: boolean
  /** Modules that are left out of the bundle; the app must find them where it runs. */
  readonly external?: readonly string[]
}

/** @throws TiebeamError `OPTION_INVALID` */
export function checkRelease({ name, version }: ReleaseInit): void {
  // The same as for the name of a node, as both are one by default.
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name)) {
    throw new TiebeamError(
      'OPTION_INVALID',
      `--name is ${JSON.stringify(name)}; it must be letters, digits, _ and -, beginning with a letter or digit, of at most 64 characters.`,
    )
  }
  // It stands in a shell script.
  if (!/^[\w.+-]{1,64}$/.test(version)) {
    throw new TiebeamError(
      'OPTION_INVALID',
      `The version is ${JSON.stringify(version)}; it must be letters, digits, ., _, + and -, of at most 64 characters.`,
    )
  }
}

/** `@scope/name` of a package.json as the name of a release. */
export function releaseNameOf(packageName: string): string {
  return packageName.slice(packageName.lastIndexOf('/') + 1)
}
