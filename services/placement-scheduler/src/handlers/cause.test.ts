import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OfferRef } from '@resource-broker/api'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { assignment, consumerOf, migration, ref, source, viewOf } from '../fixtures.ts'
import { type Known, readKnown } from '../known.ts'
import { causeOf } from './cause.ts'

type Case = {
  name: string
  said?: { generation: number; provider: string | null; uid?: string }
  earlier?: (string | null)[]
  generations?: Record<string, number>
  gone?: true
  cause: string | null
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/causes.json'), 'utf8')) as {
  cases: Case[]
}

function causeFrom(text: string) {
  const [providerCluster, acceptAPIName, generation] = text.split('/')
  return { providerCluster, acceptAPIName, generation: Number(generation) }
}

/** A Migration that ended, asked for in this minute. */
function earlierMove(cause: string | null, minute: number) {
  const message = migration({ name: `m-${minute}`, to: 'gamma', state: 'Failed' })
  const object = message.object as unknown as { metadata: object; spec: object }
  Object.assign(object.metadata, { creationTimestamp: `2026-01-01T00:0${minute}:00Z` })
  if (cause !== null) Object.assign(object.spec, { cause: causeFrom(cause) })
  return [`migration/m-${minute}`, message]
}

test.each(cases)('$name', ({ said, earlier = [], generations = { alpha: 4, beta: 7 }, gone = false, cause }) => {
  const view = viewOf({
    ...{ source: { ref, object: source() }, assignment: assignment() },
    ...(said && { decision: { uid: 'uid-a', sourceVersion: '1', ...said } }),
    ...Object.fromEntries(earlier.map(earlierMove)),
  })
  const context = {
    clusters: { providers: { isGone: () => gone } },
    offers: { generationOf: ({ providerCluster }: OfferRef) => generations[providerCluster] ?? 0 },
  }
  const ends = [
    { providerCluster: 'alpha', name: 'small' },
    { providerCluster: 'beta', name: 'large' },
  ] as const
  const known = readKnown('k', view, consumerOf) as Known
  expect(causeOf(context as unknown as SchedulerContext, known, ...ends) ?? null).toEqual(
    cause === null ? null : causeFrom(cause),
  )
})
