export interface ScriptInit {
  readonly name: string
  readonly version: string
  /** File names in `lib`. */
  readonly main: string
}

/**
 * `bin/<name>`: what `mix release` has under this name, with the same commands and variables. In POSIX sh, as dash, bash and busybox
 * understand it.
 *
 * `start` stays the parent of Node, so that `restart` can start it anew in the same place: in a container, process 1 goes on.
 */
export function startScript({ name, version, main }: ScriptInit): string {
  return `#!/bin/sh
set -eu

self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
RELEASE_ROOT=\${RELEASE_ROOT:-$(CDPATH='' cd -- "$(dirname -- "$self")/.." && pwd -P)}
RELEASE_NAME=\${RELEASE_NAME:-${name}}
RELEASE_VSN=\${RELEASE_VSN:-${version}}
RELEASE_TMP=\${RELEASE_TMP:-$RELEASE_ROOT/tmp}
RELEASE_COMMAND=\${1:-help}
TIEBEAM_RUN_DIRECTORY=\${TIEBEAM_RUN_DIRECTORY:-$RELEASE_TMP/run}
export RELEASE_ROOT RELEASE_NAME RELEASE_VSN RELEASE_TMP RELEASE_COMMAND TIEBEAM_RUN_DIRECTORY
[ $# -eq 0 ] || shift

lib=$RELEASE_ROOT/lib
node=$RELEASE_ROOT/runtime/bin/node
[ -x "$node" ] || node=node

fail() {
  echo "$RELEASE_NAME: $1" >&2
  exit "\${2:-1}"
}

usage() {
  cat <<USAGE
Usage: $(basename "$0") COMMAND [ARGUMENTS]

The commands are:

    start          Starts the system, in the foreground
    daemon         Starts the system in the background, with its output in $RELEASE_TMP/log
    stop           Stops the running system, and waits for its end
    restart        Stops the running system, and starts it anew in the same place
    remote         Opens a console inside the running system
    rpc            Calls a function that the running system exposes
    eval "CODE"    Evaluates the code inside the running system
    pid            Prints the process id of the running system
    version        Prints the name and version of the release

USAGE
}

load_cookie() {
  [ -z "\${RELEASE_COOKIE:-}" ] || { export RELEASE_COOKIE; return 0; }
  file=$RELEASE_ROOT/releases/COOKIE
  [ -e "$file" ] || return 0
  RELEASE_COOKIE=$(cat "$file") || fail "$file cannot be read by this user: set RELEASE_COOKIE."
  export RELEASE_COOKIE
}

make_run_directory() {
  (umask 077 && mkdir -p "$TIEBEAM_RUN_DIRECTORY") && chmod 700 "$TIEBEAM_RUN_DIRECTORY" ||
    fail "the run directory $TIEBEAM_RUN_DIRECTORY cannot be made: set TIEBEAM_RUN_DIRECTORY to one that this user owns."
}

need_node() {
  command -v "$node" >/dev/null 2>&1 ||
    fail "node is not in the PATH, and the release was made without it (--with-node)." 127
}

control() {
  "$node" "$lib/control.js" "$@"
}

# Each signal is passed on once: the second one ends the system at once.
pass_on() {
  stopping=$1
  [ -z "$child" ] || kill "-$1" "$child" 2>/dev/null || :
}

start() {
  child=
  stopping=
  again=$TIEBEAM_RUN_DIRECTORY/restart
  rm -f "$again"
  trap 'pass_on TERM' TERM
  trap 'pass_on HUP' HUP
  # A terminal sends it to Node as well.
  if [ -t 0 ]; then trap 'stopping=INT' INT; else trap 'pass_on INT' INT; fi
  # What runs in the background would read nothing.
  exec 3<&0
  while :; do
    "$node" --enable-source-maps "$lib/${main}" "$@" <&3 3<&- &
    child=$!
    [ -z "$stopping" ] || pass_on "$stopping"
    status=0
    wait "$child" || status=$?
    # A signal ends \`wait\`, not Node.
    while kill -0 "$child" 2>/dev/null; do
      status=0
      wait "$child" || status=$?
    done
    child=
    [ -z "$stopping" ] && [ -e "$again" ] || exit "$status"
    rm -f "$again"
  done
}

case $RELEASE_COMMAND in
  start)
    need_node
    load_cookie
    make_run_directory
    start "$@"
    ;;
  daemon)
    need_node
    load_cookie
    make_run_directory
    ! control pid >/dev/null 2>&1 || fail "it is running already."
    exec "$node" "$lib/daemon.js" "$RELEASE_TMP/log/$RELEASE_NAME.log" "$self" start "$@"
    ;;
  restart)
    need_node
    control pid >/dev/null || exit $?
    : >"$TIEBEAM_RUN_DIRECTORY/restart"
    control stop || { status=$?; rm -f "$TIEBEAM_RUN_DIRECTORY/restart"; exit "$status"; }
    ;;
  stop | remote | rpc | eval | pid)
    need_node
    load_cookie
    control "$RELEASE_COMMAND" "$@"
    ;;
  version)
    echo "$RELEASE_NAME $RELEASE_VSN"
    ;;
  help | --help | -h)
    usage
    ;;
  *)
    usage >&2
    fail "there is no command $RELEASE_COMMAND." 2
    ;;
esac
`
}
