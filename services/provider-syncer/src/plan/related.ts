import { originName, relatedResources } from '@resource-broker/api'
import type { CopyMessage, RelatedMeta } from '@resource-broker/bus'
import { type Current, copyAt, type Known } from '../facts/known.ts'
import type { Action } from './action.ts'
import type { Problem } from './problem.ts'

/** A Secret or ConfigMap that the serving copy names, and where it belongs at the consumer. */
export type WantedRelated = {
  kind: keyof typeof TRAVELLING
  from: { namespace: string; name: string }
  to: { namespace: string; name: string }
  /** What a watch has seen of it at the provider. */
  seen: RelatedMeta | undefined
}

/** What problems with related objects are about. */
export const RELATED = 'related'

/** Kinds that travel, by kind: the resource, and the fields that are content. Everything else is refused. */
export const TRAVELLING = {
  Secret: { resource: 'secrets', content: ['type', 'data', 'immutable'] },
  ConfigMap: { resource: 'configmaps', content: ['data', 'binaryData', 'immutable'] },
} as const

/** Brings what the serving copy names, where either side changed since it was last compared. */
export function bring(known: Current): Action[] {
  const serving = servingOf(known)
  if (serving === undefined) return []
  return wantedRelated(known, serving).wanted.flatMap((item): Action[] => {
    const over = known.sourceRelated.find((meta) => isSame(meta, { kind: item.kind, ...item.to }))
    const isCompared = over !== undefined && item.seen?.uid !== undefined
    const mark = markOf(serving.provider, item.seen?.resourceVersion, over?.resourceVersion)
    if (isCompared && known.notes.before.compared.get(memoOf(item)) === mark) return []
    return [{ do: 'bring related', from: serving, item, over }]
  })
}

/** Takes away what the serving copy does not name any more; one that is named stays, whatever kept its content from coming. */
export function unnamed(known: Current): Action[] {
  const serving = servingOf(known)
  if (serving === undefined) return [] // it has yet to say what belongs to it
  const { wanted } = wantedRelated(known, serving)
  const stays = (meta: RelatedMeta) => wanted.some(({ kind, to }) => isSame(meta, { kind, ...to }))
  const others = known.sourceRelated.filter((meta) => !stays(meta))
  return others.map((meta) => ({ do: 'remove related', meta, unlessNamedBy: serving }))
}

/** What is wrong with what the serving copy names. */
export function refusedRelated(known: Current): Problem[] {
  const serving = servingOf(known)
  return serving === undefined ? [] : wantedRelated(known, serving).problems
}

/**
 * All related objects that the broker made for this object: those that a watch told of and, as a stream that was made anew may not have
 * the word of it yet, those that the consumer's status names.
 */
export function allRelated({ ref, source, sourceRelated }: Pick<Known, 'ref' | 'source' | 'sourceRelated'>): Action[] {
  const namespace = ref?.namespace ?? 'default'
  const named = relatedResources(source?.status)
    .related.filter(({ gvk }) => gvk.group === '' && isTravelling(gvk.kind))
    .map(({ gvk, name }): RelatedMeta => ({ kind: gvk.kind, namespace, name }))
  const unheard = named.filter((meta) => !sourceRelated.some((other) => isSame(meta, other)))
  return [...sourceRelated, ...unheard].map((meta) => ({ do: 'remove related', meta, unlessNamedBy: undefined }))
}

/** By what it is remembered that both sides were equal. */
export const memoOf = ({ kind, to }: WantedRelated): string => `${kind}/${to.name}`
export const markOf = (provider: string, origin: string | undefined, target: string | undefined): string =>
  `${provider}/${origin}/${target}`

/** The copy that the consumer is served from, once it has a status. */
function servingOf(known: Current): CopyMessage | undefined {
  const provider = known.assignment.spec.providerCluster
  return copyAt(known, provider)?.status === undefined ? undefined : known.copies.get(provider)
}

function wantedRelated(known: Current, copy: CopyMessage): { wanted: WantedRelated[]; problems: Problem[] } {
  const { related, mistakes } = relatedResources(copy.object?.status)
  const refused = (message: string): Problem => ({ about: RELATED, reason: 'RelatedRefused', message })
  const problems = mistakes.map(({ path, message }) => refused(`${path}: ${message}`))
  const seen = known.copyRelated.get(copy.provider) ?? []
  const wanted: WantedRelated[] = []
  for (const { key, namespace = copy.object?.metadata.namespace ?? 'default', name, gvk } of related) {
    const { kind } = gvk
    if (gvk.group !== '' || !isTravelling(kind)) {
      const travel = Object.keys(TRAVELLING).join(', ')
      problems.push(refused(`relatedResources.${key}: ${kind} is not among the kinds that travel (${travel})`))
    } else if (!isInReach(namespace, copy)) {
      problems.push(refused(`relatedResources.${key}: the namespace ${namespace} is out of this object's reach`))
    } else {
      const to = { namespace: known.ref.namespace ?? 'default', name: originName(known.ref.cluster, name) }
      const from = { namespace, name }
      wanted.push({ kind, from, to, seen: seen.find((meta) => isSame(meta, { kind, ...from })) })
    }
  }
  return { wanted, problems }
}

const isTravelling = (kind: string): kind is keyof typeof TRAVELLING => Object.hasOwn(TRAVELLING, kind)

/**
 * The broker may read more of a provider's cluster than the operator whose word a status is: a copy refers to objects of its own
 * namespace, a cluster-scoped one to any but the system's.
 */
function isInReach(namespace: string, { object }: CopyMessage): boolean {
  const home = object?.metadata.namespace
  return home === undefined ? !namespace.startsWith('kube-') : namespace === home
}

type Identity = { kind: string; namespace: string; name: string }

const isSame = (a: Identity, b: Identity): boolean =>
  a.kind === b.kind && a.namespace === b.namespace && a.name === b.name
