import type { KubernetesError } from '@tiebeam/k8s'
import { TablesError } from '../../errors.ts'
import type { RoleRule } from './rules.ts'

/** What a failure of the client means. `rule` is what the call needs. */
export function failureOf(error: KubernetesError, rule: RoleRule): TablesError {
  switch (error.code) {
    case 'FORBIDDEN':
      return new TablesError(
        'AUTHORITY_REFUSED',
        `${error.message} The Role of the service account needs the rule ${JSON.stringify(rule)}; kubernetesAuthorityRules() has all of them.`,
        { cause: error },
      )
    case 'UNAUTHORIZED':
    case 'CREDENTIAL_UNAVAILABLE':
    case 'TLS_FAILED':
    case 'NOT_FOUND':
    case 'INVALID':
    case 'BAD_REQUEST':
      return new TablesError('AUTHORITY_REFUSED', error.message, { cause: error })
    default:
      return new TablesError(
        'AUTHORITY_UNKNOWN',
        `${error.message} What was asked of the API server may have happened, or may still happen.`,
        { cause: error },
      )
  }
}
