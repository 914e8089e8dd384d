import { OtpError } from '../errors.ts'
import { ChildStartError } from './child-start-error.ts'
import type { Refusal } from './events.ts'
import { notSignificant } from './settings.ts'

/** What a caller meets when a supervisor refuses. `child` is whom it asked for. */
export function refusalError(refusal: Refusal, child: string): OtpError {
  switch (refusal.type) {
    case 'startFailed':
      return new ChildStartError(refusal.id, refusal.error)
    case 'alreadyStarted':
      return new OtpError('CHILD_ID_TAKEN', `A child with id ${refusal.id} is running already.`)
    case 'alreadyPresent':
      return new OtpError(
        'CHILD_ID_TAKEN',
        `There is a child with id ${refusal.id} that does not run; use restartChild, or deleteChild first.`,
      )
    case 'notFound':
      return new OtpError('CHILD_NOT_FOUND', `The supervisor has no child ${child}.`)
    case 'running':
      return new OtpError('CHILD_RUNNING', `The child ${child} is running; use terminateChild first.`)
    case 'restarting':
      return new OtpError('CHILD_RESTARTING', `The child ${child} is being restarted; use terminateChild first.`)
    case 'significant':
      return notSignificant(refusal.id)
    case 'childrenMax':
      return new OtpError('CHILDREN_MAX', `The supervisor has childrenMax (${refusal.childrenMax}) children already.`)
    case 'dynamic':
      return new OtpError(
        'CHILD_NOT_FOUND',
        `The supervisor has no child ${child}: dynamic children that do not run are not kept.`,
      )
    case 'busy':
      return new OtpError(
        'SUPERVISOR_BUSY',
        `The supervisor has requestsMax (${refusal.requestsMax}) requests waiting already; wait for some before you send more.`,
      )
    case 'stopping':
      return supervisorStopped()
  }
}

export function supervisorStopped(): OtpError {
  return new OtpError(
    'SUPERVISOR_STOPPED',
    'The supervisor is not running: it was stopped, gave up, or was never started.',
  )
}
