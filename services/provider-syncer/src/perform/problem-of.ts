import { KubeError } from '@resource-broker/kube'
import type { Known } from '../facts/known.ts'
import type { Action } from '../plan/action.ts'
import { isPassing, type Problem } from '../plan/problem.ts'
import { RELATED } from '../plan/related.ts'
import { Refusal } from './refusal.ts'

/** What an answer to an action means to the consumer, in the words of the server that gave it. */
export function problemOf(action: Action, error: unknown, known: Known): Problem {
  const { about, reason, what } = subjectOf(action, known)
  if (error instanceof Refusal) {
    const refused = { about, reason: error.reason, message: error.message }
    return error.reason === 'RelatedMissing' ? { ...refused, awaited: true } : refused
  }
  const problem = { about, reason, message: `${what}: ${(error as Error).message}` }
  const isAnswer = error instanceof KubeError && !isPassing(error)
  return isAnswer ? problem : { ...problem, passing: error }
}

type Subject = { about: string; reason: string; what: string }

function subjectOf(action: Action, known: Known): Subject {
  const consumer = known.ref?.cluster ?? ''
  switch (action.do) {
    case 'apply copy':
      return { about: action.provider, reason: 'CopyRefused', what: `${action.provider} refuses the copy` }
    case 'tell kept':
      return {
        about: action.provider,
        reason: 'CopyRefused',
        what: `${action.provider} refuses the word on how long its copy is kept`,
      }
    case 'read copy':
      return {
        about: action.provider,
        reason: 'CopyUnknown',
        what: `${action.provider} does not say whether it has a copy`,
      }
    case 'delete copy':
      return { about: action.provider, reason: 'CopyRemains', what: `${action.provider} refuses to delete its copy` }
    case 'bring related': {
      const { kind, to } = action.item
      return {
        about: RELATED,
        reason: 'RelatedRefused',
        what: `${kind} ${to.name} does not come to where the consumer is`,
      }
    }
    case 'remove related': {
      const { kind, name } = action.meta
      return { about: RELATED, reason: 'RelatedRemains', what: `${kind} ${name}, which the broker made, does not go` }
    }
    case 'read source':
    case 'release source':
    case 'report':
    case 'event':
      return { about: consumer, reason: 'ConsumerRefuses', what: 'the consumer’s API server refuses the broker' }
    default:
      return { about: '', reason: 'RecordRefused', what: 'the platform refuses the broker’s record' }
  }
}
