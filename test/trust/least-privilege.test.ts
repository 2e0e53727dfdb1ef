import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ManagedProcess } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Landscape, type PlaneSite, ROOT, type Site } from '../support/landscape.ts'
import { putSecret, THING } from '../support/provider-controller.ts'
import { type Scene, startScene } from '../support/scene.ts'
import {
  assignmentOf,
  copyRef,
  create,
  gone,
  migrationsOf,
  offer,
  offerCondition,
  patchSpec,
  release,
  secretOf,
  secretRef,
  served,
  thing,
  thingRef,
  told,
  withdraw,
} from '../support/things.ts'

/** What the roles in deploy/rbac name for the user to replace. */
const EXAMPLE_GROUP = 'example.platform-mesh.io'
const USER = 'resource-broker'

let scene: Scene
let landscape: Landscape
let [acme, alpha, beta] = [] as unknown as [Site, Site, Site]

type Role = { rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[] }

/** The role for one role of cluster, with Things for the kind that it names as an example. */
async function grant(site: Site, role: 'platform' | 'consumer' | 'provider'): Promise<string> {
  const text = await readFile(join(ROOT, 'deploy/rbac', `${role}.yaml`), 'utf8')
  const clusterRole = parse(
    text.replaceAll(EXAMPLE_GROUP, THING.group).replaceAll('certificates', THING.resource),
  ) as Role
  await site.client.apply(clusterRole as never)
  await site.client.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: USER },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `resource-broker-${role}` },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: USER }],
  } as never)
  // These are always real control planes.
  return await (site as PlaneSite).kubeconfigFor({ user: USER })
}

/** Puts the narrow identities in the place of the administrators, whose files the broker's flags name. */
async function narrow({ platform, consumers, providers }: Landscape): Promise<Record<string, string>> {
  const sites: [Site, 'platform' | 'consumer' | 'provider'][] = [
    [platform, 'platform'],
    ...Object.values(consumers).map((site): [Site, 'consumer'] => [site, 'consumer']),
    ...Object.values(providers).map((site): [Site, 'provider'] => [site, 'provider']),
  ]
  const files = await Promise.all(sites.map(async ([site, role]) => [site.name, await grant(site, role)] as const))
  return Object.fromEntries(files)
}

beforeAll(async () => {
  scene = await startScene({
    consumers: ['acme'],
    providers: ['alpha', 'beta'],
    identities: narrow,
  })
  landscape = scene.landscape
  ;[acme, alpha, beta] = [scene.site('acme'), scene.site('alpha'), scene.site('beta')]
})

afterAll(() => scene?.stop())

/** Every refusal for want of rights that the broker wrote down. */
async function denials(broker: ManagedProcess): Promise<string[]> {
  const lines = (await readFile(broker.logFile, 'utf8')).split('\n')
  return lines.filter((line) => /forbidden|Unauthorized/i.test(line))
}

test('the roles in deploy/rbac are enough to offer, place, report, bring related objects, move and delete', async () => {
  await offer(alpha, 'small', { capacity: 10, filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
  await offer(beta, 'wrong', { filters: [{ cel: '(' }] })
  await offerCondition(alpha, 'small', 'True', 'Indexed')
  await offerCondition(beta, 'wrong', 'False', 'Invalid')
  const namespace = { group: '', version: 'v1', resource: 'namespaces' }
  await acme.kube.create(namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } })

  await create(acme, thing('nobody', { size: 'huge' }))
  await told(acme, 'nobody', 'Placed', 'False', 'NoProviderAccepts')

  await create(acme, thing('all', { size: 'small', secret: true, value: 1 }, { namespace: 'team' }))
  await served(acme, 'all', alpha, 'team')
  await expect.poll(() => secretOf(acme, 'all-secret', 'team')).toEqual({ from: 'alpha/1' })
  await putSecret(alpha, 'team', `${copyRef(acme, 'all').name}-secret`, { from: 'rotated' })
  await expect.poll(() => secretOf(acme, 'all-secret', 'team')).toEqual({ from: 'rotated' })

  await create(acme, thing('moves', { size: 'small', secret: true, value: 1 }))
  await served(acme, 'moves', alpha)
  await patchSpec(acme, thingRef('moves'), { size: 'large' })
  await served(acme, 'moves', beta)
  await gone(alpha, copyRef(acme, 'moves'))
  await expect
    .poll(async () => (await migrationsOf(landscape, acme, 'moves'))[0]?.status?.state)
    .toBe('CutoverCompleted')

  await withdraw(beta, 'large')
  await told(acme, 'moves', 'Placed', 'True', 'ProviderNoLongerAccepts')

  await release(acme, 'moves')
  await release(acme, 'all', 'team')
  await gone(beta, copyRef(acme, 'moves'))
  await gone(acme, secretRef('all-secret', 'team'))
  expect(await assignmentOf(landscape, acme, 'moves')).toBeUndefined()
  expect(await denials(scene.broker)).toEqual([])
})

test('the roles give no more than that', async () => {
  const may = async (site: Site, verb: string, group: string, resource: string, namespace = 'default') => {
    const spec = {
      user: USER,
      groups: ['system:authenticated'],
      resourceAttributes: { verb, group, resource, namespace },
    }
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }
    const answer = await site.client.json('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review)
    return (answer['status'] as { allowed: boolean }).allowed
  }
  expect(await may(alpha, 'get', '', 'secrets')).toBe(true)
  const refused: [Site, string, string, string][] = [
    [landscape.platform, 'get', '', 'secrets'],
    [landscape.platform, 'delete', 'coord.broker.platform-mesh.io', 'migrationconfigurations'],
    [acme, 'delete', THING.group, THING.resource],
    [acme, 'create', THING.group, THING.resource],
    [acme, 'create', 'rbac.authorization.k8s.io', 'clusterrolebindings'],
    [acme, 'list', '', 'pods'],
    [alpha, 'create', '', 'secrets'],
    [alpha, 'update', '', 'secrets'],
    [alpha, 'patch', 'broker.platform-mesh.io', 'acceptapis'],
    [alpha, 'delete', '', 'namespaces'],
    [alpha, 'patch', THING.group, `${THING.resource}/status`],
  ]
  for (const [site, verb, group, resource] of refused) {
    expect(await may(site, verb, group, resource), `${verb} ${resource} at ${site.name}`).toBe(false)
  }
})
