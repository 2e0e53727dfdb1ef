import { Assignment, annotations, assignmentName, keyOf, originAnnotations } from '@resource-broker/api'
import { KubeClient } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { Clusters } from '../support/checker.ts'
import type { Judgement, Judges, Witness } from '../support/judgement.ts'
import type { Place, Site } from '../support/landscape.ts'
import { Observer } from '../support/observer.ts'
import { THING } from '../support/provider-controller.ts'
import { copyAt, type Thing } from '../support/things.ts'

const silent = { stream: () => new Promise(() => undefined), send: () => new Promise(() => undefined) }
const siteOf = (name: string) =>
  ({ name, cluster: name, kube: new KubeClient({ transport: silent as never, base: '' }) }) as unknown as Site

const [platform, acme, alpha, beta] = ['platform', 'acme', 'alpha', 'beta'].map(siteOf) as [Site, Site, Site, Site]
const clusters = { platform, consumers: { acme }, providers: { alpha, beta } } as unknown as Clusters
const OBJECT = { cluster: 'acme', namespace: 'default', name: 'a' }
const RECORD = assignmentName(keyOf({ ...OBJECT, gvr: THING }))

const placed = (status: object) => ({
  ...{ apiVersion: Assignment.apiVersion, kind: Assignment.kind, metadata: { name: RECORD, uid: 'record' } },
  spec: { consumerCluster: 'acme', gvr: THING, ...OBJECT, uid: 'object', providerCluster: 'alpha' },
  status: { phase: 'Bound', ...status },
})

function copyOf(provider: Site, status: string): Thing {
  const [, { name }] = copyAt(provider, acme, 'a')
  const origin = originAnnotations(OBJECT, provider.cluster)
  const metadata = { name, namespace: 'default', uid: `copy-${provider.name}`, resourceVersion: '1' }
  const notes = { ...origin, [annotations.consumerUID]: 'object' }
  return {
    ...THING,
    kind: 'Thing',
    metadata: { ...metadata, annotations: notes },
    spec: {},
    status: { status },
  } as never
}

/** Servers that have just this, and what an observer says when the broker removes `copy` from beta. */
async function seenAtRemoval(copy: Thing, status: object, active: Thing | undefined): Promise<string[]> {
  const source = { metadata: { name: 'a', namespace: 'default', uid: 'object' } }
  const held = new Map<string, unknown>([
    [`platform ${RECORD}`, placed(status)],
    ['acme a', source],
    ...(active === undefined ? [] : [[`alpha ${active.metadata.name}`, active] as const]),
  ])
  const answer = (at: Place, name: string) => held.get(`${at.name} ${name}`)
  const attended = Promise.withResolvers<Judges>()
  const judge = (judgement: Judgement) => {
    for (let step = judgement.next(); !step.done; ) {
      const { value } = step
      step = judgement.next('at' in value ? answer(value.at, value.ref.name) : value.holds())
    }
  }
  const witness: Witness = {
    attend: async (judges) => attended.resolve(judges),
    judge: async (judgement) => judge(judgement()),
    stop: async () => undefined,
  }
  const observer = await Observer.start(clusters, witness)
  judge((await attended.promise).copy(beta, { operation: 'DELETE', oldObject: copy }))
  await observer.stop()
  return observer.violations
}

test('a copy that serves does not go before the active one is ready', async () => {
  const seen = await seenAtRemoval(copyOf(beta, 'Available'), { servedFrom: 'beta' }, copyOf(alpha, 'Provisioning'))
  expect(seen).toEqual(['a: the copy at beta is removed before the copy at alpha is ready'])
  expect(await seenAtRemoval(copyOf(beta, 'Available'), { servedFrom: 'beta' }, undefined)).toHaveLength(1)
  expect(await seenAtRemoval(copyOf(beta, 'Available'), {}, copyOf(alpha, 'Provisioning'))).toHaveLength(1)
})

test('a copy goes once the active one is ready, or if it never was', async () => {
  expect(await seenAtRemoval(copyOf(beta, 'Available'), {}, copyOf(alpha, 'Available'))).toEqual([])
  expect(await seenAtRemoval(copyOf(beta, 'Provisioning'), {}, undefined)).toEqual([])
})

test('a copy that never served goes where the active provider has none: it stands in the way of the next', async () => {
  expect(await seenAtRemoval(copyOf(beta, 'Available'), { servedFrom: 'alpha' }, undefined)).toEqual([])
})
