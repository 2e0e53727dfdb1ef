import type { KubeObject } from '@resource-broker/bus'
import { type DeleteOptions, KubeError, type ObjectRef } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { Staging } from '../context.ts'
import { remove } from './clean-up.ts'

const job = { group: 'batch', version: 'v1', resource: 'jobs', namespace: 'n', name: 'copy' }
const secret = { group: '', version: 'v1', resource: 'secrets', namespace: 'n', name: 'copy' }
const object = (metadata: object = {}): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'Any' },
  metadata: { name: 'copy', uid: 'u', resourceVersion: '1', ...metadata },
})

/** Removes it at a cluster that answers so; what was asked for. */
async function removing(at: ObjectRef, of: KubeObject, answer: () => Promise<{ isGone: boolean }>) {
  const asked: DeleteOptions[] = []
  const client = {
    delete: async (_ref: ObjectRef, options: DeleteOptions) => {
      asked.push(options)
      return await answer()
    },
  }
  const isGone = await remove({ compute: { client } } as unknown as Staging, { ...at, object: of } as never)
  return { isGone, asked }
}

test.each([
  { kind: 'a Job, which is there until its pods are gone', at: job, propagationPolicy: 'Foreground' },
  { kind: 'a Secret', at: secret, propagationPolicy: 'Background' },
])('removes $kind, and no other of its name', async ({ at, propagationPolicy }) => {
  const { asked } = await removing(at, object(), async () => ({ isGone: false }))
  expect(asked).toEqual([{ uid: 'u', propagationPolicy }])
})

test('leaves alone what goes already', async () => {
  const going = object({ deletionTimestamp: '2026-01-01T00:00:00Z' })
  expect(await removing(job, going, async () => ({ isGone: true }))).toEqual({ isGone: false, asked: [] })
})

test.each([
  { status: 404, throws: false },
  { status: 409, throws: false },
  { status: 403, throws: true },
])('an answer of $status stops it: $throws', async ({ status, throws }) => {
  const removed = removing(job, object(), async () => {
    throw new KubeError(status, { reason: 'Any' })
  })
  if (throws) await expect(removed).rejects.toThrow(KubeError)
  else expect((await removed).isGone).toBe(false)
})
