import type { ConsumerSelector } from '../kinds/accept-api.ts'
import { brief } from './refusal.ts'

/** Who an object belongs to: its cluster, its workspace path where it has one, and the labels of that workspace. */
export type Consumer = { cluster: string; path?: string; labels?: Record<string, string> }

export type CompiledSelector = { want: string; holds: (consumer: Consumer) => boolean }

type LabelExpression = NonNullable<ConsumerSelector['matchExpressions']>[number]

/** Compiles one entry of `consumers`: everything given must hold, an empty entry takes everyone. */
export function compileSelector({ path, matchLabels = {}, matchExpressions = [] }: ConsumerSelector): CompiledSelector {
  const glob = path === undefined ? undefined : compileGlob(path)
  const wanted = Object.entries(matchLabels)
  const words = [
    ...(path === undefined ? [] : [`path ${path}`]),
    ...wanted.map(([key, value]) => `label ${key}=${value}`),
    ...matchExpressions.map(
      ({ key, operator, values }) => `label ${key} ${operator}${values ? ` ${values.join(',')}` : ''}`,
    ),
  ]
  return {
    want: brief(words.join(' and ') || 'anyone'),
    holds: (consumer) =>
      (glob === undefined || glob(consumer.cluster) || (consumer.path !== undefined && glob(consumer.path))) &&
      wanted.every(([key, value]) => labelOf(consumer, key) === value) &&
      matchExpressions.every((expression) => holdsExpression(expression, labelOf(consumer, expression.key))),
  }
}

function labelOf({ labels }: Consumer, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
}

/** As Kubernetes reads label selectors: NotIn also holds where the label is missing. */
function holdsExpression({ operator, values = [] }: LabelExpression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

/**
 * A glob over a path of `:`-separated segments: `*` is any text without `:`, `**` any text. All ways are followed
 * at once, at most pattern times text steps, so no pattern can stall.
 */
export function compileGlob(glob: string): (text: string) => boolean {
  const tokens = glob.match(/\*\*|\*|[^*]/gsu) ?? []
  return (text) => {
    // states[i]: the first i tokens can match the text so far.
    let states = reach(tokens, new Set([0]))
    for (const character of text) {
      const next = new Set<number>()
      for (const i of states) {
        const token = tokens[i]
        if (token === '**' || (token === '*' && character !== ':')) next.add(i)
        else if (token === character) next.add(i + 1)
      }
      states = reach(tokens, next)
      if (states.size === 0) return false
    }
    return states.has(tokens.length)
  }
}

/** Adds the states that are reached without a character: past a star. */
function reach(tokens: readonly string[], states: Set<number>): Set<number> {
  for (const i of states) if (tokens[i]?.startsWith('*')) states.add(i + 1)
  return states
}
