import type { Logger } from '@tiebeam/distribution'
import { type ChildInit, type ChildSpec, childInitOf } from '../../child-spec.ts'
import type { Settings } from '../settings.ts'
import { SupervisorProcess } from './supervisor-process.ts'

/** A supervisor as a child of another one. */
export function supervisorChild(
  init: ChildInit & { readonly name?: string; readonly logger?: Logger },
  settings: Settings,
): ChildSpec {
  return {
    ...childInitOf(init),
    type: 'supervisor',
    start: async (parent, context) => {
      const logger = init.logger ?? context?.logger ?? parent.node.logger
      const { id, name } = init
      const process = new SupervisorProcess(parent, { settings, id, name, logger, signal: context?.signal })
      await process.initialised
      return process.pid
    },
  }
}
