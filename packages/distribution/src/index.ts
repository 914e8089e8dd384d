export {
  Atom,
  atom,
  atomKeys,
  BitString,
  DecodeError,
  EncodeError,
  ExportFun,
  equals,
  Fun,
  ImproperList,
  keyOf,
  Pid,
  Port,
  Reference,
  Tuple,
  toObject,
  tuple,
} from '@tiebeam/etf'
export type { CallServer, FunctionCall, SpawnRequest } from './calls.ts'
export { Drain, type Drainable } from './drain.ts'
export type { EpmdNode } from './epmd/codec.ts'
export { EpmdRegistry, type EpmdRegistryInit } from './epmd/registry.ts'
export { type EpmdAddress, listNodes, lookupNode } from './epmd/shell/client.ts'
export { type EpmdServer, type EpmdServerInit, serveEpmd } from './epmd/shell/server.ts'
export * from './errors.ts'
export { FLAGS, type FlagInfo, type FlagName, flagNames, flagsDemandedBy, missingFlags } from './flags.ts'
export { type LogFunction, type Logger, silentLogger } from './logger.ts'
export { Node, type StopOptions } from './node.ts'
export type { NodeDown, NodeEvents, NodesKind, NodeUp } from './node-events.ts'
export type { EpmdInit, ListenAt, NodeInit } from './node-init.ts'
export { isNodeName, type NodeName, type NodeNameInit, parseNodeName } from './node-name.ts'
export type { NodeService, ServedFunction, ServedProcess, ServeInit, ServiceHost } from './node-service.ts'
export { type Mark, type Match, NO_MESSAGE } from './process/mailbox.ts'
export {
  type Destination,
  Down,
  Exit,
  ExitReason,
  type MonitorTarget,
  type RemoteName,
  reasonOf,
  SpawnReply,
} from './process/notices.ts'
export type {
  Behaviour,
  DemonitorInit,
  MonitorInit,
  Process,
  ReceiveInit,
  SelectiveReceiveInit,
  SpawnInit,
  SpawnRequestInit,
} from './process/process.ts'
export type { SpawnReplies } from './process/spawn-requests.ts'
export type { ConnectOptions } from './shell/connections.ts'
export type { LinkStats, NodeStats } from './stats.ts'
export {
  type Answer,
  type GenCall,
  type GenCast,
  type GenClient,
  genCall,
  genCallOf,
  genCast,
  genCastOf,
  genReply,
} from './system/gen-call.ts'
export type { TlsInit } from './transport/tls.ts'
