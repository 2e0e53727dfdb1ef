import { type DecisionMessage, type KeyView, OvertakenError, type Part } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { consumerOf, ref, source, viewOf } from '../fixtures.ts'
import { type Known, readKnown } from '../known.ts'
import { announce } from './announce.ts'

const said: DecisionMessage = { uid: 'uid-a', generation: 2, sourceVersion: '9', provider: 'alpha' }

async function announced(before: DecisionMessage | undefined, sourceVersion: string, provider: string | null) {
  const messages: Record<string, unknown> = { source: { ref, object: source() }, decision: before }
  const published: unknown[] = []
  const bus = { publish: async (publication: unknown) => void published.push(publication) }
  const context = { bus, now: () => new Date(0) } as unknown as SchedulerContext
  const view = viewOf(messages)
  await announce(context, readKnown('k', view, consumerOf) as Known, sourceVersion, provider, view)
  return { published, known: messages['decision'] }
}

test.each([
  { what: 'the first decision', before: undefined, provider: 'alpha' },
  { what: 'that nobody may take it', before: said, provider: null },
  { what: 'another provider', before: said, provider: 'beta' },
  { what: 'the next generation', before: { ...said, generation: 1 }, provider: 'alpha' },
  { what: 'another object of the name', before: { ...said, uid: 'uid-b' }, provider: 'alpha' },
  { what: 'a newer version with the finalizer', before: { ...said, sourceVersion: '8' }, provider: 'alpha' },
])('$what is said', async ({ before, provider }) => {
  const message = { ...said, provider }
  expect(await announced(before, '9', provider)).toEqual({
    published: [{ part: 'decision', key: 'k', message, after: 0 }],
    known: message,
  })
})

test('what was refused, and of which what stands instead could not be read, is said again at the next look', async () => {
  const messages: Record<string, unknown> = { source: { ref, object: source() }, decision: undefined }
  const view = viewOf(messages)
  const published: unknown[] = []
  const bus = {
    publish: async (publication: unknown) => {
      published.push(publication)
      throw new OvertakenError('a newer message')
    },
    refresh: async (of: KeyView, part: Part) => {
      of.forget(part)
      throw new Error('no answer')
    },
  }
  const context = { bus, now: () => new Date(0) } as unknown as SchedulerContext
  const again = () => announce(context, readKnown('k', view, consumerOf) as Known, '9', 'alpha', view)
  await expect(again()).rejects.toThrow('no answer')
  await expect(again()).rejects.toThrow('no answer')
  expect(published).toHaveLength(2)
})

test('a decision that another one came before is not said', async () => {
  const messages: Record<string, unknown> = { source: { ref, object: source() }, decision: said }
  const view = viewOf(messages)
  const known = readKnown('k', view, consumerOf) as Known
  messages['decision'] = { ...said, generation: 3 }
  await expect(announce({} as SchedulerContext, known, '9', 'beta', view)).rejects.toThrow(OvertakenError)
})

test('the same is not said twice', async () => {
  expect(await announced(said, '9', 'alpha')).toEqual({ published: [], known: said })
})

test('versions are compared as numbers: one that is older by number is not said', async () => {
  expect((await announced({ ...said, sourceVersion: '10' }, '9', 'alpha')).published).toEqual([])
  expect((await announced({ ...said, sourceVersion: '9' }, '10', 'alpha')).published).toHaveLength(1)
})

test('a newer snapshot that shows the finalizer itself is no reason to say the same again', async () => {
  const before = { ...said, sourceVersion: '5' }
  expect(await announced(before, source().metadata.resourceVersion, 'alpha')).toEqual({ published: [], known: before })
})
