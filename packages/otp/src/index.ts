export type { ApplicationInit, ApplicationRunInit } from './application/application-init.ts'
export type { ApplicationEnd } from './application/exit-status.ts'
export { Application, type ApplicationStopOptions } from './application/shell/application.ts'
export { MainProcess } from './application/shell/main-process.ts'
export type { ChildInit, ChildSpec, Restart, ShutdownMs, StartChild, StartContext } from './child-spec.ts'
export { type IntervalInit, intervalChild } from './children/shell/interval.ts'
export { type Resource, type ResourceInit, resourceChild } from './children/shell/resource.ts'
export { type NodeServer, type ServerInit as ServerChildInit, serverChild } from './children/shell/server.ts'
export { type ThreadInit, threadChild } from './children/shell/thread.ts'
export { taskChild, type WorkerInit, workerChild } from './children/worker.ts'
export * from './errors.ts'
export { type Caller, type CallInit, call, cast, type ServerName } from './gen/call.ts'
export { CallError, unknownCallError } from './gen/call-error.ts'
export { abcast, type MultiCallInit, type MultiCallResult, multiCall } from './gen/multi-call.ts'
export { type StopInit, stopServer } from './gen/stop-server.ts'
export { GenServer, type GenServerChildInit, type GenServerClass, type GenServerInit } from './gen-server/gen-server.ts'
export {
  type ArgumentsOf,
  type From,
  type Handler,
  type Handlers,
  type Later,
  type NameOf,
  noReply,
  type ReplyOf,
  type Served,
} from './gen-server/handlers.ts'
export { isUnknownCallReply, requestOf } from './gen-server/requests.ts'
export { ServerRef, type ServerRefInit, serverRef } from './gen-server/server-ref.ts'
export { StartError } from './gen-server/start-server.ts'
export type { ProgramEnd, ProgramExit } from './program/program-end.ts'
export { exitReasonOf } from './program/program-end.ts'
export type { ProgramChildInit, ProgramInit, ProgramOutput } from './program/program-init.ts'
export { type OutputStream, type ProgramLine, programLineOf } from './program/program-line.ts'
export { Program, program } from './program/shell/program.ts'
export { ChildStartError } from './supervisor/child-start-error.ts'
export type { ChildCounts, ChildInfo, ChildStatus, EndCause } from './supervisor/events.ts'
export type { AutoShutdown, DynamicInit, StaticInit, Strategy, SupervisorLimits } from './supervisor/settings.ts'
export { DynamicSupervisor, type DynamicSupervisorInit } from './supervisor/shell/dynamic-supervisor.ts'
export { Supervisor, type SupervisorInit } from './supervisor/shell/supervisor.ts'
export type { SupervisorHandle, SupervisorStopOptions } from './supervisor/shell/supervisor-handle.ts'
