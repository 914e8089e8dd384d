import { Cluster, KubernetesDns } from '@tiebeam/cluster'
import { atom, type Logger, Node, tuple } from '@tiebeam/distribution'
import { GlobalNames, Groups, PubSub, Rpc } from '@tiebeam/kernel'
import { ControlServer } from '../../control/shell/control-server.ts'
import { socketPathOf } from '../../control/socket-path.ts'
import { HealthServer } from '../../health/shell/health-server.ts'
import { StreamLogger } from '../../logs/shell/stream-logger.ts'
import { type Identity, identityOf } from '../../settings/identity.ts'
import { type ResolvedSettings, resolveSettings } from '../../settings/resolve.ts'
import { readConfigFile } from '../../settings/shell/config-file.ts'
import type { StartInit } from '../start-init.ts'
import { App } from './app.ts'
import { cookieOf, nodeOptionsOf } from './node-options.ts'
import { readPackage, surroundingsOf } from './surroundings.ts'

/** What an app is before anything of it runs. */
export interface Plan {
  readonly init: StartInit
  readonly resolved: ResolvedSettings
  readonly identity: Identity
  readonly cookie: string
  readonly version: string | undefined
  readonly logger: Logger
}

/** Reads all settings. @throws TiebeamError `SETTING_INVALID` */
export async function plan(init: StartInit): Promise<Plan> {
  const { environment = process.env, variables = {}, topologies = {} } = init
  const folder = process.cwd()
  const [file, about] = await Promise.all([readConfigFile(environment, folder), readPackage(folder)])
  const resolved = resolveSettings({ program: init as Record<string, unknown>, environment, variables, file })
  const { settings } = resolved
  const identity = identityOf(settings, surroundingsOf(about, Object.keys(topologies).length > 0))
  const cookie = init.node?.cookie ?? (await cookieOf(settings, identity))
  const logger =
    init.logger ??
    StreamLogger.create({
      stream: process.stdout,
      level: settings.logLevel,
      format: settings.logFormat,
      colours: (environment.NO_COLOR ?? '') === '',
      secrets: [cookie],
    })
  const version = environment.RELEASE_VSN ?? (typeof about.version === 'string' ? about.version : undefined)
  return { init, resolved, identity, cookie, version, logger }
}

/**
 * Starts the parts of an app, one upon the other. When one cannot be started, or the signal aborts, those before it are stopped again.
 */
export async function launch(planned: Plan, signal: AbortSignal): Promise<App> {
  const { init, resolved, identity, cookie, logger } = planned
  const { settings } = resolved
  const started: { stop(): Promise<unknown> }[] = []
  const keep = <Part extends { stop(): Promise<unknown> }>(part: Part): Part => {
    started.unshift(part)
    signal.throwIfAborted()
    return part
  }
  try {
    const globalNames = init.globalNames === false ? undefined : new GlobalNames(init.globalNames)
    const services = [...(globalNames === undefined ? [] : [globalNames]), ...(init.node?.services ?? [])]
    const options = await nodeOptionsOf(settings, identity)
    const node = keep(await Node.start({ logger, ...options, cookie, ...init.node, services }))
    const groups = keep(await Groups.start(node, init.groups))
    const pubsub = init.pubsub && keep(await PubSub.start(node, init.pubsub))
    const app: App = new App({ ...planned, node, groups, globalNames, pubsub })
    const expose = { ...init.expose, tiebeam: { ...init.expose?.tiebeam, 'status/0': () => app.status() } }
    app.rpc = keep(await Rpc.start(node, { expose }))
    app.cluster = keep(
      await Cluster.start(node, {
        ...init.cluster,
        topologies: init.topologies ?? defaultTopologies(planned),
        groups,
        logger,
        ...(globalNames !== undefined && { names: globalNames }),
      }),
    )
    const { httpPort, runDirectory } = settings
    if (httpPort !== 'off') {
      const metrics = await app.loadMetrics()
      const host = settings.httpHost ?? identity.host
      const givesWay = identity.isLocal && !resolved.given.has('httpPort')
      app.http = keep(await HealthServer.start({ host, port: httpPort, givesWay, health: app, metrics, logger }))
      app.lasting.push(app.http)
    }
    if (runDirectory !== undefined) {
      const control = await ControlServer.start({
        path: socketPathOf(runDirectory),
        context: { app, node, groups, cluster: app.cluster, rpc: app.rpc, atom, tuple },
        stop: () => app.stop(),
        about: { node: node.name, cookie, epmdPort: settings.epmdPort },
        logger,
      })
      app.lasting.push(keep(control))
    }
    keep({ stop: () => app.tables?.stop?.() ?? Promise.resolve() })
    await app.openTables()
    keep({ stop: () => app.tree?.stop() ?? Promise.resolve() })
    await app.startTree(signal)
    signal.throwIfAborted()
    return app
  } catch (error) {
    for (const part of started)
      await part
        .stop()
        .catch((failure: unknown) => logger.warn({ err: failure }, 'A part of the app could not be stopped.'))
    throw error
  }
}

function defaultTopologies({ resolved, identity }: Plan): Record<string, KubernetesDns> {
  const { serviceName } = resolved.settings
  if (serviceName === undefined) return {}
  return { kubernetes: new KubernetesDns({ service: serviceName, applicationName: identity.appName }) }
}
