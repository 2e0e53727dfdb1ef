import { type CompiledSelector, compileSelector } from '../filters/consumers.ts'
import { ConsumerQuota } from '../kinds/consumer-quota.ts'
import type { Mistake } from '../kinds/kind.ts'

/** A ConsumerQuota, compiled; undefined is a part that it does not have. */
export type Quota = {
  name: string
  /** `uid/generation`: what it says can have changed where this has. */
  version: string
  consumers: readonly CompiledSelector[] | undefined
  resources: readonly { group: string; resource: string }[] | undefined
  /** How many objects of one consumer may be placed; or what is wrong, where nobody can tell. */
  objects: number | { mistake: string }
}

type Input = { metadata: { name: string; uid?: string; generation?: number } }

/**
 * Compiles a ConsumerQuota, which may be anything that somebody wrote. Every mistake is named with its path from the object's root; nothing
 * throws. One that has a mistake is a quota all the same, for whatever the parts of it select that can be read: it is not known how many
 * objects it was to let in.
 */
export function compileQuota(input: Input): { quota: Quota; mistakes: Mistake[] } {
  const { name, uid = '', generation = 0 } = input.metadata
  const parsed = ConsumerQuota.parse(input)
  const { consumers, resources } = parsed.ok ? parsed.value.spec : readable(input)
  const named = { name, version: `${uid}/${generation}`, consumers: consumers?.map(compileSelector), resources }
  if (parsed.ok) return { quota: { ...named, objects: parsed.value.spec.objects }, mistakes: [] }
  const { mistakes } = parsed
  const mistake = mistakes.map(({ path, message }) => `${path}: ${message}`).join('; ')
  return { quota: { ...named, objects: { mistake } }, mistakes }
}

const { consumers, resources } = ConsumerQuota.spec.shape

/** What can be read of one that cannot be read whole: a part that cannot selects everything. */
function readable(input: object): Pick<ConsumerQuota['spec'], 'consumers' | 'resources'> {
  const spec = ((input as { spec?: unknown }).spec ?? {}) as Record<string, unknown>
  const [whose, which] = [consumers.safeParse(spec['consumers']).data, resources.safeParse(spec['resources']).data]
  return { ...(whose && { consumers: whose }), ...(which && { resources: which }) }
}
