import { readFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import path from 'node:path'
import { basenameOf, type Surroundings } from '../../settings/identity.ts'

export interface PackageInfo {
  readonly name?: unknown
  readonly version?: unknown
}

/** The package.json of the app: that of the working directory; in a release, `RELEASE_VSN` tells the version. */
export async function readPackage(folder: string): Promise<PackageInfo> {
  try {
    return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as PackageInfo
  } catch {
    return {}
  }
}

export function surroundingsOf({ name }: PackageInfo, hasTopologies: boolean): Surroundings {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
  return { packageName: basenameOf(name), addresses, hostname: hostname().split('.')[0] ?? 'localhost', hasTopologies }
}
