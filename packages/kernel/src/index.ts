export * from './errors.ts'
export type { ResolveFunction, ResolveMethod } from './global/resolve-method.ts'
export {
  GlobalNames,
  type GlobalNamesInit,
  type GlobalStats,
  type Lock,
  type LockOptions,
  type RegisterOptions,
  type SetLockOptions,
  type SyncOptions,
  type TransOptions,
} from './global/shell/global-names.ts'
export { GroupMonitor, type GroupMonitorInit } from './groups/group-monitor.ts'
export type { GroupMembers } from './groups/membership.ts'
export type { GroupChange } from './groups/scope.ts'
export { Groups, type GroupsInit, type GroupsStats } from './groups/shell/groups.ts'
export { type BroadcastInit, PubSub, type PubSubInit } from './pubsub/shell/pubsub.ts'
export type { Listener } from './pubsub/subscriptions.ts'
export { PUBSUB_SCOPE } from './pubsub/topics.ts'
export type { CallContext, ExposedFunction, ExposedModule, ExposedModules } from './rpc/exposed.ts'
export { Thrown } from './rpc/outcome.ts'
export { RpcError, type RpcErrorCode, type RpcErrorInit, type StackFrame } from './rpc/rpc-error.ts'
export { type CallInit, type MulticallResult, Rpc, type RpcInit, type RpcStats } from './rpc/shell/rpc.ts'
