import { StatusError } from '../errors.ts'
import { parseRequirements } from './label-parser.ts'
import { fulfils, type Labels, type Requirement, SelectorError } from './requirement.ts'

/** Whether labels are selected. */
export type LabelSelector = ((labels: Labels) => boolean) & { readonly requirements: readonly Requirement[] }

/** Reads the `labelSelector` of a request; the empty one selects all. Throws StatusError 400 with the parser's words. */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = parsed(text)
  const matches = (labels: Labels) => requirements.every((each) => fulfils(labels, each))
  return Object.assign(matches, { requirements })
}

function parsed(text: string): Requirement[] {
  try {
    return parseRequirements(text)
  } catch (error) {
    if (error instanceof SelectorError) throw StatusError.badRequest(error.message)
    throw error
  }
}

/** The text of a requirement, which parses to it again. */
export function showRequirement({ key, operator, values }: Requirement): string {
  const list = values.join(',')
  if (operator === 'exists') return key
  if (operator === '!') return `!${key}`
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${list})`
  return `${key}${operator === 'gt' ? '>' : operator === 'lt' ? '<' : operator}${list}`
}
