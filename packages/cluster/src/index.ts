export type { AddressResolver, NameServer, ServiceResolver } from './dns/resolver.ts'
export { ClusterError, type ClusterErrorCode } from './errors.ts'
export { type FormationSettings, formationDefaults } from './formation/settings.ts'
export type { ClusterInit } from './init.ts'
export type { LeaveInit } from './leaving/leave-init.ts'
export type { LeavingPhase, LeavingStep, StepOutcome } from './leaving/step.ts'
export type { ClusterNode, ConnectOptions, NodeDown, NodeUp } from './node.ts'
export type { GroupCallInit } from './routing/call-init.ts'
export { type GroupCaller, GroupRef } from './routing/group-ref.ts'
export { Router } from './routing/shell/router.ts'
export { Cluster } from './shell/cluster.ts'
export type { ClusterStatus, FailureStatus, MissingPeerStatus, TopologyStatus } from './status.ts'
export { Epmd, type EpmdInit } from './strategies/epmd.ts'
export {
  type FromFunctionInit,
  type FromSubscriptionInit,
  fromFunction,
  fromSubscription,
} from './strategies/function.ts'
export { DnsPoll, type DnsPollInit } from './strategies/shell/dns-poll.ts'
export { ErlangHosts, type ErlangHostsInit } from './strategies/shell/erlang-hosts.ts'
export { Gossip, type GossipInit } from './strategies/shell/gossip.ts'
export { Kubernetes, type KubernetesInit } from './strategies/shell/kubernetes.ts'
export { KubernetesDns, type KubernetesDnsInit } from './strategies/shell/kubernetes-dns.ts'
export { KubernetesDnsSrv, type KubernetesDnsSrvInit } from './strategies/shell/kubernetes-dns-srv.ts'
export { LocalEpmd, type LocalEpmdInit } from './strategies/shell/local-epmd.ts'
export { Rancher, type RancherInit } from './strategies/shell/rancher.ts'
export type {
  ListingSink,
  ListQuery,
  PolledStrategy,
  PushedStrategy,
  Strategy,
  StrategyContext,
  Subscription,
} from './strategy.ts'
export type { Topology } from './topology.ts'
