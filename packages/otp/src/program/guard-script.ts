/**
 * Waits for the end of its input, which the system closes when Node ends, in whatever way. Before that the input says which process group to
 * watch over, and, when that has ended, a second line that there is nothing left to do. SIGCONT lets a stopped program see its SIGTERM.
 * `kill` is written in the one form that dash, bash and busybox agree on. Everything else is POSIX but for `sleep` with a fraction, which systems
 * have all the same; where it fails, SIGKILL comes sooner.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM PIPE USR1 USR2
read -r group || exit 0
read -r released && exit 0
kill -TERM "-$group" || exit 0
kill -CONT "-$group"
tenths=$1
while [ "$tenths" -gt 0 ]; do
  sleep 0.1
  kill -0 "-$group" || exit 0
  tenths=$((tenths - 1))
done
kill -KILL "-$group"
`

/** What a POSIX shell is to be started with to be the guard of a program. */
export function guardArguments(shutdownMs: number): string[] {
  // A tenth less, for what each round takes besides its sleep.
  const tenths = Math.max(0, Math.floor(shutdownMs / 100) - 1)
  return ['-c', SCRIPT, 'tiebeam-guard', String(tenths)]
}
