import type { ConsumerSelector } from '../kinds/accept-api.ts'
import { compileLabels, type LabelValue } from './labels.ts'
import { brief } from './refusal.ts'

/** Who an object belongs to: its cluster, its workspace path where it has one, and the labels of that workspace. */
export type Consumer = { cluster: string; path?: string; labels?: Record<string, string> }

/** What the path or the cluster of every consumer of whom a selector holds begins with, or `labels`, one of which each of them has; undefined: neither. */
type ConsumerAnchor = { prefix: string } | { labels: readonly LabelValue[] } | undefined

export type CompiledSelector = { want: string; anchor: ConsumerAnchor; holds: (consumer: Consumer) => boolean }

/** Compiles one entry of `consumers`: everything given must hold, an empty entry takes everyone. */
export function compileSelector({ path, ...selector }: ConsumerSelector): CompiledSelector {
  const glob = path === undefined ? undefined : compileGlob(path)
  const labels = compileLabels(selector)
  const prefix = path?.split('*', 1)[0] ?? ''
  const ofLabels = labels.anchors && { labels: labels.anchors }
  const words = [...(path === undefined ? [] : [`path ${path}`]), ...labels.words]
  return {
    want: brief(words.join(' and ') || 'anyone'),
    anchor: prefix === '' ? ofLabels : { prefix },
    holds: (consumer) =>
      (glob === undefined || glob(consumer.cluster) || (consumer.path !== undefined && glob(consumer.path))) &&
      labels.holds(consumer.labels),
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
