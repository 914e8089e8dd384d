import type { ClusterInit, LeavingStep } from '@tiebeam/cluster'
import type { Logger, NodeInit } from '@tiebeam/distribution'
import type { ExposedModules, GlobalNamesInit, GroupsInit, PubSubInit } from '@tiebeam/kernel'
import type { ChildSpec, Strategy as RestartStrategy, SupervisorLimits } from '@tiebeam/otp'
import type { Definitions, OpenOptions } from '@tiebeam/tables'
import type { Environment, Variables } from '../settings/resolve.ts'
import type { GivenSettings } from '../settings/settings.ts'
import type { App } from './shell/app.ts'

/** No tables but those that are defined. */
export type NoTables = Readonly<Record<never, never>>

/** Everything is optional. Settings that are given here go before the environment and the configuration file. */
export interface StartInit<Defined extends Definitions = NoTables> extends GivenSettings, SupervisorLimits {
  /** What the root supervisor starts, in this order; a function if children need the app. */
  readonly children?: readonly ChildSpec[] | ((app: App<Defined>) => readonly ChildSpec[])
  /** Of the root supervisor. Default 'oneForOne'. */
  readonly strategy?: RestartStrategy
  /** Replicated tables, opened before the children start. The app is ready only as long as it is a member of them. */
  readonly tables?: Defined
  /** More options of the tables. */
  readonly tableOptions?: OpenOptions
  /** How other nodes are found. Default: `KubernetesDns` for `serviceName`; without it none. */
  readonly topologies?: ClusterInit['topologies']
  /** More options of the cluster. */
  readonly cluster?: Omit<ClusterInit, 'topologies' | 'groups' | 'names' | 'logger'>
  /** Functions that other nodes may call, by module. Module `tiebeam`, with `status`, is always there. */
  readonly expose?: ExposedModules
  /** More options of the node. They go before what the settings say. */
  readonly node?: Partial<NodeInit>
  /** `false`: the node does not speak `global`, and BEAM nodes see it as a hidden one. */
  readonly globalNames?: GlobalNamesInit | false
  readonly groups?: GroupsInit
  /** Default: none. */
  readonly pubsub?: PubSubInit
  /** Default: JSON to stdout when it is piped, text on a terminal. A pino logger fits as it is. */
  readonly logger?: Logger
  /** What else must hold for the app to be ready, by name; see `app.readiness`. */
  readonly readyWhen?: Readonly<Record<string, () => boolean>>
  /** What else is to be done when the app leaves the cluster, each step in its phase. */
  readonly leaving?: readonly LeavingStep[]
  /**
   * Whether SIGTERM and SIGINT stop the app, and the process ends when the app has ended: code 0 after a stop, 1 when its root supervisor
   * gave up or the stop took too long, 130 or 143 after a second signal. Default true.
   */
  readonly ownsProcess?: boolean
  /** Instead of `process.env`. */
  readonly environment?: Environment
  /** Other variables of the environment than those of the reference, by the setting. */
  readonly variables?: Variables
}
