export type { ChangesOptions, RowChange, SnapshotReason, TableChange, TablesChange } from './api/changes.ts'
export { bag, type Count, counter, orderedTable, storeDefinitions, type TableOptions, table } from './api/definition.ts'
export type { Duration } from './api/duration.ts'
export { limitDefaults, type TableLimits } from './api/limits.ts'
export type {
  Bounds,
  Frozen,
  IndexField,
  IndexSpec,
  KeyField,
  KeyPart,
  NamedIndex,
  Prefix,
  RangeOptions,
} from './api/row-types.ts'
export type {
  BagReads,
  BagTable,
  BagWrites,
  Changes,
  CounterReads,
  CounterTable,
  CounterWrites,
  Definitions,
  OrderedReads,
  OrderedTable,
  PutOptions,
  SetTable,
  TableOf,
  TableReads,
  TableWrites,
  TransactionTableOf,
} from './api/table.ts'
export {
  type CreatedTables,
  createTables,
  type Tables,
  type TablesControl,
  type TablesStatus,
  type Transaction,
} from './api/tables.ts'
export type { TransactionOptions } from './api/transactions.ts'
export type { Authority, Installation } from './authority/authority.ts'
export type { AuthorityHost, AuthorityKind, StartedAuthority } from './authority/authority-kind.ts'
export type { EtcdOptions, EtcdTls } from './authority/etcd/settings.ts'
export { etcd } from './authority/etcd/shell/etcd.ts'
export { kubernetesAuthorityRules, type RoleRule } from './authority/kubernetes/rules.ts'
export type { KubernetesOptions, PodOptions } from './authority/kubernetes/settings.ts'
export { kubernetes } from './authority/kubernetes/shell/kubernetes.ts'
export { type MembersInit, members } from './authority/members/shell/members-authority.ts'
export { memory } from './authority/memory-kind.ts'
export { MemoryAuthority } from './authority/register.ts'
export { TablesError, type TablesErrorCode } from './errors.ts'
export type { Member, Uid, View } from './member.ts'
export type { EngineInit, EngineListeners } from './node/engine-init.ts'
export { NodeEngine } from './node/node-engine.ts'
export type { DataLoss, NodeEngineEvents, NodeEngineStatus } from './node/status.ts'
export { type OpenedControl, type OpenedTables, type OpenOptions, openTables } from './open-tables.ts'
export type { Entry } from './replica/entry.ts'
export type { AuthorityAnswer, Call, Effect, Outcome, ReplicaEvent } from './replica/event.ts'
export type { Legacy } from './replica/legacy.ts'
export type { Message } from './replica/message.ts'
export { Replica, type ReplicaInit } from './replica/replica.ts'
export { type ReplicaSettings, replicaDefaults } from './replica/settings.ts'
export type { Key } from './store/key.ts'
export { type Bound, exactly, type Range, type Read } from './store/read.ts'
export { Store } from './store/store.ts'
export type { TableDefinition } from './store/table.ts'
export type { IndexDefinition } from './store/table-index.ts'
export type { Row, Write } from './store/write.ts'
