// An app depends on this package alone: what it builds with comes along. Packages on their own are for libraries, and for those who want less.

// Names that two of them have.
export type { Strategy } from '@tiebeam/cluster'
export * from '@tiebeam/cluster'
export type { ConnectOptions, EpmdInit, NodeDown, NodeUp } from '@tiebeam/distribution'
export * from '@tiebeam/distribution'
export * from '@tiebeam/kernel'
export type { CallInit } from '@tiebeam/otp'
export * from '@tiebeam/otp'
export {
  bag,
  counter,
  type Duration,
  etcd,
  kubernetes,
  type OpenedTables,
  orderedTable,
  TablesError,
  type TablesErrorCode,
  table,
} from '@tiebeam/tables'
export { TiebeamError, type TiebeamErrorCode } from './errors.ts'
export type { Readiness } from './health/readiness.ts'
export type { Environment, Variables } from './settings/resolve.ts'
export {
  type GivenSettings,
  HTTP_PORT,
  type SettingName,
  type Settings,
  settingDefinitions,
} from './settings/settings.ts'
export type { App, AppEnd } from './start/shell/app.ts'
export { start } from './start/shell/start.ts'
export type { StartInit } from './start/start-init.ts'
export type { AppState, AppStatus } from './start/status.ts'
