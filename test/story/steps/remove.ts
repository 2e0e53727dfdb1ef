import type { Journal } from '../journal.ts'
import { CERTIFICATES, type Place, type Stage } from '../stage.ts'
import type { Teller } from '../tell.ts'
import { NAME } from './issue.ts'
import { NAME as NOWHERE } from './refuse.ts'

type Collection = Pick<Journal, 'present' | 'entries'>

/** The consumer deletes, and nothing is left anywhere. */
export async function remove(stage: Stage, tell: Teller): Promise<void> {
  const { consumer, internalca, externalca, assignments, compute } = stage
  tell.does('consumer', `deletes ${NAME} and ${NOWHERE}`)
  for (const name of [NAME, NOWHERE]) await consumer.site.kube.delete({ ...CERTIFICATES, namespace: 'default', name })
  for (const place of [internalca, externalca]) await awaitEmpty(stage, tell, place.site.name, contentOf(place))
  await awaitEmpty(stage, tell, 'platform', {
    Assignment: assignments,
    'ConfigMap of a stage': compute.configMaps,
    'Namespace of a move': compute.namespaces,
  })
  await awaitEmpty(stage, tell, consumer.site.name, contentOf(consumer))
}

function contentOf({ certificates, secrets }: Place): Record<string, Collection> {
  return { Certificate: certificates, Secret: secrets }
}

async function awaitEmpty(
  { until }: Stage,
  tell: Teller,
  place: string,
  content: Record<string, Collection>,
): Promise<void> {
  const collections = Object.values(content)
  await until(
    `nothing is left at ${place}`,
    () => collections.every(({ present }) => present.length === 0),
    () =>
      Object.entries(content)
        .map(([kind, { present }]) => `${kind}: ${present.join(', ') || 'none'}`)
        .join('; '),
  )
  const last = Math.max(...collections.map(({ entries }) => entries.at(-1)?.at ?? 0))
  tell.saw(
    place,
    Object.keys(content)
      .map((kind) => `no ${kind}`)
      .join(', '),
    Math.max(last, tell.began),
  )
}
