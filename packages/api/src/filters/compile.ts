import { AcceptAPI, type ConsumerSelector, type Filter } from '../kinds/accept-api.ts'
import type { Mistake } from '../kinds/kind.ts'
import type { GVR } from '../kinds/meta.ts'
import { annotations } from '../names.ts'
import type { Scores } from '../policies/scores.ts'
import { compileCelFilter } from './cel-filter.ts'
import { compileSelector } from './consumers.ts'
import { type CompiledFilter, type Conditions, holds, refusalsOf, subjectOf } from './match.ts'
import { parsePath } from './path.ts'
import type { Refusal } from './refusal.ts'
import { compileRules } from './rules.ts'

/** Names one offer: the cluster that its AcceptAPI is in, and the AcceptAPI's name. */
export type OfferRef = { providerCluster: string; name: string }

/** An AcceptAPI, compiled. `weight` and `capacity` as in the spec, capacity Infinity where there is no limit. */
export type Offer = Conditions & {
  ref: OfferRef
  gvr: GVR
  apiExportName: string | undefined
  weight: number
  capacity: number
  scores: Scores | undefined
}

/**
 * Compiles an AcceptAPI, which may be anything that a provider wrote, into an offer. Every mistake is named with its
 * path from the object's root, such as `spec.filters[0].pattern`; nothing throws.
 */
export function compileAcceptAPI(
  acceptAPI: unknown,
  providerCluster: string,
): { offer: Offer } | { mistakes: Mistake[] } {
  const parsed = AcceptAPI.parse(acceptAPI)
  if (!parsed.ok) return { mistakes: parsed.mistakes }
  const { metadata, spec } = parsed.value
  const { filters, mistakes } = compileFilters(spec.filters ?? [], 'spec.filters')
  if (mistakes.length > 0) return { mistakes }
  return {
    offer: {
      ref: { providerCluster, name: metadata.name },
      gvr: spec.gvr,
      apiExportName: spec.apiExportName ?? metadata.annotations?.[annotations.kcpAPIExportName],
      weight: spec.weight ?? 1,
      capacity: spec.capacity ?? Number.POSITIVE_INFINITY,
      scores: spec.scores,
      filters,
      consumers: selectorsOf(spec.consumers),
    },
  }
}

export type MatchResult = { accepted: true } | { accepted: false; refusals: Refusal[] }

/**
 * Whether `object` (the whole object, of which spec, metadata, apiVersion and kind count) passes all filters, and why
 * not. For trying filters out: whoever matches more than once compiles once. Throws a TypeError that names the mistakes
 * of filters that cannot be compiled.
 */
export function matchFilters(filters: readonly Filter[], object: Record<string, unknown>): MatchResult {
  const { filters: compiled, mistakes } = compileFilters(filters, 'filters')
  if (mistakes.length > 0) throw new TypeError(mistakes.map(({ path, message }) => `${path}: ${message}`).join('; '))
  const conditions: Conditions = { filters: compiled, consumers: undefined }
  const subject = subjectOf(object)
  return holds(conditions, subject)
    ? { accepted: true }
    : { accepted: false, refusals: refusalsOf(conditions, subject) }
}

/** Compiles filters; the mistakes name `<at>[<index>].<field>`. */
function compileFilters(filters: readonly Filter[], at: string): { filters: CompiledFilter[]; mistakes: Mistake[] } {
  const results = filters.map((filter, i) => compileFilter(filter, `${at}[${i}]`))
  return { filters: results.map(({ filter }) => filter), mistakes: results.flatMap(({ mistakes }) => mistakes) }
}

function compileFilter(filter: Filter, at: string): { filter: CompiledFilter; mistakes: Mistake[] } {
  const { rules, mistakes } = compileRules(filter)
  const program = filter.cel ? compileCelFilter(filter.cel) : undefined
  const failed = program !== undefined && 'mistake' in program
  return {
    filter: {
      key: filter.key ?? '',
      path: parsePath(filter.key ?? '') ?? [],
      rules,
      program: failed ? undefined : program,
    },
    mistakes: [
      ...keyMistakes(filter, rules.length > 0, `${at}.key`),
      ...mistakes.map(({ field, message }) => ({ path: `${at}.${field}`, message })),
      ...(failed ? [{ path: `${at}.cel`, message: program.mistake }] : []),
    ],
  }
}

function keyMistakes({ key = '', cel }: Filter, hasRules: boolean, path: string): Mistake[] {
  if (key.startsWith('spec.'))
    return [{ path, message: `a key is a path below spec: write "${key.slice('spec.'.length)}" for "${key}"` }]
  if (key === '') return cel && !hasRules ? [] : [{ path, message: 'a filter needs a key, or a cel expression only' }]
  return parsePath(key) === undefined
    ? [{ path, message: `"${key}" is no path: it has an empty part, or more than 32` }]
    : []
}

function selectorsOf(consumers: ConsumerSelector[] | undefined): Conditions['consumers'] {
  return consumers === undefined || consumers.length === 0 ? undefined : consumers.map(compileSelector)
}
