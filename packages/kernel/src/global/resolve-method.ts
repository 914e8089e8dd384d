import { atom, ExportFun, type Pid, type Tuple, tuple } from '@tiebeam/distribution'

/**
 * Settles a conflict: of the two processes that have the name, gives the one that keeps it, or `undefined` when neither shall. It runs once,
 * on the node of one of the two.
 */
export type ResolveFunction = (name: unknown, pid1: Pid, pid2: Pid) => Pid | undefined | Promise<Pid | undefined>

/**
 * What becomes of two processes that have the same name when two partitions meet. Of OTP's own methods, `randomExitName` ends one of them,
 * `randomNotifyName` tells one of them `{global_name_conflict, Name}`, and `notifyAllName` takes the name from both and tells each
 * `{global_name_conflict, Name, OtherPid}`. Which one is not random: the process on the lesser node keeps the name.
 */
export type ResolveMethod = 'randomExitName' | 'randomNotifyName' | 'notifyAllName' | ResolveFunction

const BUILT_IN = {
  randomExitName: 'random_exit_name',
  randomNotifyName: 'random_notify_name',
  notifyAllName: 'notify_all_name',
} as const

/** Stands for a function of this program, which only this node can call. OTP keeps it, and has us call it. */
const OWN_FUNCTION = new ExportFun('tiebeam', 'resolve_name', 3)

export function methodTerm(method: ResolveMethod): ExportFun {
  return typeof method === 'function' ? OWN_FUNCTION : new ExportFun('global', BUILT_IN[method], 3)
}

export function isOwnFunction(term: unknown): boolean {
  return OWN_FUNCTION.equals(term)
}

/** Which of OTP's own methods a term stands for; `undefined` for any other. */
export function builtInOf(term: unknown): keyof typeof BUILT_IN | undefined {
  if (!(term instanceof ExportFun) || term.module !== 'global' || term.arity !== 3) return undefined
  const names = Object.keys(BUILT_IN) as (keyof typeof BUILT_IN)[]
  return names.find((name) => BUILT_IN[name] === term.function)
}

export interface Resolution {
  readonly winner: Pid | undefined
  readonly kill: Pid | undefined
  readonly tell: readonly { readonly to: Pid; readonly message: Tuple }[]
}

export function resolveBuiltIn(method: keyof typeof BUILT_IN, name: unknown, pid1: Pid, pid2: Pid): Resolution {
  const conflict = atom('global_name_conflict')
  const [lesser, greater] = pid1.node < pid2.node ? [pid1, pid2] : [pid2, pid1]
  switch (method) {
    case 'randomExitName':
      return { winner: lesser, kill: greater, tell: [] }
    case 'randomNotifyName':
      return { winner: lesser, kill: undefined, tell: [{ to: greater, message: tuple(conflict, name) }] }
    case 'notifyAllName':
      return {
        winner: undefined,
        kill: undefined,
        tell: [
          { to: pid1, message: tuple(conflict, name, pid2) },
          { to: pid2, message: tuple(conflict, name, pid1) },
        ],
      }
  }
}
