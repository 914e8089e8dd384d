import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Child, freePort, requirePeer, spawnTied, waitFor } from '@tiebeam/testing'
import { makeRelease } from '../../src/release/shell/release.ts'
import { makeRootfs } from './rootfs.ts'

const app = fileURLToPath(new URL('../../../test/release/app/', import.meta.url))

/** What the kubelet does: a root file system that is read-only, and `emptyDir`s, which belong to root and the group. */
const PREPARE = `
set -e
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs dev "$ROOT/dev"
mknod -m 666 "$ROOT/dev/null" c 1 3
mknod -m 666 "$ROOT/dev/urandom" c 1 9
mount -t tmpfs -o mode=2777,gid=65532 run "$ROOT/run/tiebeam"
mount -t tmpfs -o mode=2777,gid=65532 tmp "$ROOT/tmp"
exec chroot --userspec=65532:65532 "$ROOT" /bin/sh -c "$POD"
`

const POD = `
echo probe 2>/dev/null >/app/probe || echo "read-only for $(id -u)"
/app/bin/app start &
tries=150
until /app/bin/app pid >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || exit 1
  sleep 0.2
done
/app/bin/app stop
status=0
wait $! || status=$?
ls -ld /run/tiebeam/app
echo "ended with $status"
`

test('a release runs as the manifests run it: not root, with a root file system that is read-only', async (t) => {
  if (!requirePeer(t, 'root')) return
  const scratch = mkdtempSync(join(tmpdir(), 'tiebeam-pod-'))
  t.after(() => rmSync(scratch, { recursive: true, force: true }))
  const release = await makeRelease(
    {
      ...{ name: 'app', version: '1.2.0', entry: join(app, 'main.ts'), out: join(scratch, 'app') },
      ...{ withNode: true, cookie: false },
    },
    { control: fileURLToPath(new URL('../../src/control/main.js', import.meta.url)) },
  )
  const root = makeRootfs(t, { node: false })
  cpSync(release, join(root, 'app'), { recursive: true })
  const unshare = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', PREPARE]
  const child = new Child(
    t,
    spawnTied('unshare', unshare, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH: '/bin:/usr/bin:/usr/sbin:/sbin', ROOT: root, POD, APP_PORT: String(await freePort()) },
        ...{ RELEASE_COOKIE: 'from-a-secret', RELEASE_TMP: '/tmp', TIEBEAM_RUN_DIRECTORY: '/run/tiebeam/app' },
      },
    }),
    'pod',
  )
  await waitFor(() => !child.running || child.output.includes('ended with'), {
    what: () => `the pod to end:\n${child.output}`,
  })
  await child.exited
  assert.match(child.output, /read-only for 65532\n/)
  assert.match(child.output, /cookie 13 arguments \nstarted\n/)
  assert.match(child.output, /drwx--S--- +\d+ 65532 +65532 .*\/run\/tiebeam\/app\n|drwx------ +\d+ 65532 +65532/)
  assert.match(child.output, /ended with 0\n/)
})
