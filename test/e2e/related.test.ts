import type { KubeObject } from '@resource-broker/bus'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Site } from '../support/landscape.ts'
import { putSecret } from '../support/provider-controller.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  copyAt,
  create,
  gone,
  offer,
  patchSpec,
  read,
  release,
  secretOf,
  secretRef,
  served,
  thing,
  thingRef,
  told,
} from '../support/things.ts'

/** A busy machine takes longer than the second that vitest gives. */
const PATIENT = { timeout: 30_000 }

let scene: Scene
let [acme, alpha] = [] as unknown as [Site, Site]

beforeAll(async () => {
  scene = await startScene({ consumers: ['acme'], providers: ['alpha'] })
  ;[acme, alpha] = [scene.site('acme'), scene.site('alpha')]
  await offer(alpha, 'things')
})

afterAll(() => scene?.stop())

type Marked = KubeObject & { metadata: { labels: Record<string, string>; finalizers: string[] } }

test('what others put on a Secret’s metadata stays, through rotations and drift', async () => {
  await create(acme, thing('marked', { secret: true, value: 1 }))
  await served(acme, 'marked', alpha)
  await expect.poll(() => secretOf(acme, 'marked-secret'), PATIENT).toEqual({ from: 'alpha/1' })
  const marks = {
    labels: { 'backup.example.org/keep': 'yes' },
    annotations: { 'reloader.example.org/seen': '1' },
    finalizers: ['example.org/slow'],
  }
  await acme.kube.mergePatch(secretRef('marked-secret'), { metadata: marks, data: { own: 'ZHJpZnQ=' } })
  await expect.poll(() => secretOf(acme, 'marked-secret'), PATIENT).toEqual({ from: 'alpha/1' })
  await patchSpec(acme, thingRef('marked'), { value: 2 })
  await expect.poll(() => secretOf(acme, 'marked-secret'), PATIENT).toEqual({ from: 'alpha/2' })
  const { metadata } = (await read<Marked>(acme, secretRef('marked-secret'))) as Marked
  expect(metadata.labels).toMatchObject(marks.labels)
  expect(metadata.annotations).toMatchObject(marks.annotations)
  expect(metadata.finalizers).toEqual(marks.finalizers)
  await acme.kube.mergePatch(secretRef('marked-secret'), { metadata: { finalizers: null } })
  await release(acme, 'marked')
  await gone(acme, secretRef('marked-secret'))
})

/** Has both copies name one Secret. */
async function name(shared: string, of: string): Promise<void> {
  const [at, copy] = copyAt(alpha, acme, of)
  const [, origin] = copyAt(alpha, acme, secretRef(shared))
  const gvk = { group: 'core', version: 'v1', kind: 'Secret' }
  const relatedResources = { secret: { namespace: 'default', name: origin.name, gvk } }
  await at.kube.mergePatch(copy, { status: { relatedResources } }, { subresource: 'status' })
}

test('of two objects that name one Secret the second says whose it is, and has it as soon as the first goes', async () => {
  for (const each of ['first', 'second']) {
    await create(acme, thing(each, { v: 1 }))
    await served(acme, each, alpha)
  }
  const [at, origin] = copyAt(alpha, acme, secretRef('shared'))
  await putSecret(at, 'default', origin.name, { is: 'shared' })
  await name('shared', 'first')
  await expect.poll(() => secretOf(acme, 'shared'), PATIENT).toEqual({ is: 'shared' })
  await name('shared', 'second')
  const { message } = await told(acme, 'second', 'Synced', 'False', 'RelatedConflict')
  expect(message).toBe(
    'secrets/shared belongs to Thing first, which names the same; it is left as it is until that one goes',
  )
  const { uid } = ((await read(acme, secretRef('shared'))) as KubeObject).metadata
  await release(acme, 'first')
  const { metadata } = (await read(acme, secretRef('shared'))) as KubeObject
  expect(metadata.uid).toBe(uid)
  await told(acme, 'second', 'Synced', 'True', 'Synced')
  await putSecret(at, 'default', origin.name, { is: 'rotated' })
  await expect.poll(() => secretOf(acme, 'shared'), PATIENT).toEqual({ is: 'rotated' })
  await release(acme, 'second')
  await waitFor(
    'the Secret goes with the last that names it',
    async () => (await read(acme, secretRef('shared'))) === undefined,
  )
})
