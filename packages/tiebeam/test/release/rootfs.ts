import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findProgram, type Scope } from '@tiebeam/testing'

/** What scripts of a release and of programs use. */
const APPLETS = 'sh cat mkdir chmod dirname basename readlink rm kill sleep echo id ls'.split(' ')

/** A root file system with glibc, libstdc++, libgcc and busybox, and `node` if wanted: no npm, and no sources. */
export function makeRootfs(scope: Scope, { node }: { readonly node: boolean }): string {
  const root = mkdtempSync(join(tmpdir(), 'tiebeam-rootfs-'))
  scope.after(() => rmSync(root, { recursive: true, force: true }))
  chmodSync(root, 0o755)
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'run', 'run/tiebeam', 'tmp', 'app']) mkdirSync(join(root, folder))
  chmodSync(join(root, 'tmp'), 0o777)
  const busybox = findProgram('busybox') ?? ''
  copyFileSync(busybox, join(root, 'bin', 'busybox'))
  for (const applet of APPLETS) symlinkSync('busybox', join(root, 'bin', applet))
  if (node) copyFileSync(process.execPath, join(root, 'bin', 'node'))
  // Node's libraries are there in either case: a release brings the program, not the C library.
  for (const library of new Set([...librariesOf(busybox), ...librariesOf(process.execPath)])) {
    const target = join(root, library)
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(realpathSync(library), target)
    chmodSync(target, 0o755)
  }
  return root
}

function librariesOf(program: string): string[] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' })
  return Array.from(stdout.matchAll(/(\/\S+) \(0x/g), ([, path]) => path!).filter(existsSync)
}
