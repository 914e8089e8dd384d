export type { Credentials, ExecPlugin, KubeConfig, PemSource } from './config/kube-config.ts'
export { type LoadConfigInit, loadConfig, loadInClusterConfig } from './config/shell/load.ts'
export {
  hasCode,
  KubernetesError,
  type KubernetesErrorCode,
  type KubernetesErrorInit,
  type KubernetesRequestErrorCode,
  type KubernetesStatusCode,
} from './errors.ts'
export type { LogFunction, Logger } from './logger.ts'
export type { ClientSettings, KubernetesClientInit } from './request/client-init.ts'
export type { Query } from './request/path.ts'
export type { RetrySettings } from './request/retry.ts'
export { KubernetesClient, type KubernetesRequest, type OpenResponse } from './request/shell/client.ts'
export type {
  ApplyInit,
  CallInit,
  DeleteInit,
  ListInit,
  ListResult,
  PageInit,
  PatchInit,
  ResourceClient,
  Selection,
  WriteInit,
} from './request/shell/resource-client.ts'
export * from './resources/built-in.ts'
export type * from './resources/object.ts'
export { defineResource, type Resource, type ResourceInit } from './resources/resource.ts'
export type { WatchEvent } from './watch/events.ts'
export { keyOf } from './watch/known-objects.ts'
export type { WatchSettings } from './watch/settings.ts'
export type { Watch, WatchInit } from './watch/shell/watch.ts'
