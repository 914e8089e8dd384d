import { inspect } from 'node:util'
import type { Report } from './events.ts'

export interface LogLine {
  readonly level: 'debug' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** What is logged of it: OTP's supervisor reports, each in a line. */
export function logLineOf(report: Report): LogLine {
  switch (report.type) {
    case 'childStarted':
      return { level: 'debug', fields: { child: report.id, pid: String(report.pid) }, message: 'child started' }
    case 'childEnded':
      return {
        level: 'warn',
        fields: { child: report.id, pid: String(report.pid), reason: inspect(report.reason) },
        message: report.restarted ? 'child ended, it is restarted' : 'child ended, it is not restarted',
      }
    case 'restartFailed':
      return {
        level: 'error',
        fields: { child: report.id, err: report.error },
        message: 'child did not start again, it is tried once more',
      }
    case 'shutdownFailed':
      return {
        level: 'warn',
        fields: { child: report.id, pid: String(report.pid), reason: inspect(report.reason) },
        message: 'child was told to shut down, and ended otherwise',
      }
    case 'gaveUp':
      return {
        level: 'error',
        fields: { child: report.id, restartsMax: report.restartsMax, withinMs: report.withinMs },
        message: 'supervisor gives up: more restarts than restartsMax within withinMs',
      }
  }
}
