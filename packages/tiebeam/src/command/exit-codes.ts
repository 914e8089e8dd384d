/** What the command ends with; `docs/command.md` has the table. */
export const EXIT_CODES = {
  done: 0,
  failed: 1,
  /** Wrong options or arguments: nothing was done. */
  usage: 2,
  /** The node or app that was meant is not there, or cannot be reached. */
  notReached: 3,
} as const

export function exitCodeOf(error: unknown): number {
  switch ((error as { code?: unknown } | undefined)?.code) {
    case 'OPTION_INVALID':
    case 'SETTING_INVALID':
    case 'NODE_NAME_INVALID':
      return EXIT_CODES.usage
    case 'APP_NOT_RUNNING':
    case 'NODE_UNREACHABLE':
    case 'CONTROL_DENIED':
    case 'RPC_NODE_DOWN':
      return EXIT_CODES.notReached
    default:
      return EXIT_CODES.failed
  }
}
