import { expect, test } from 'vitest'
import { usePlanes } from '../support/fault-world.ts'
import type { Site } from '../support/landscape.ts'
import { putSecret, THING } from '../support/provider-controller.ts'
import { refusals } from '../support/refusals.ts'
import {
  assignmentOf,
  configureMoves,
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

const COORD = 'coord.broker.platform-mesh.io'
const OFFERS = 'broker.platform-mesh.io'

/** Each service a process of its own. */
const world = usePlanes()

test('the rights of each service are enough to offer, place, report, bring related objects, move and delete', async () => {
  const { landscape, consumer: acme, alpha, beta } = world
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

  const rules = { when: 'has(fromProvider.metadata.uid)', limits: { total: 1 } }
  await configureMoves(landscape.platform, 'one', rules)
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
  expect(await refusals(landscape.dir, landscape.restarts?.())).toEqual([])
})

/** What the services may do in common, and what one may not that others may. */
const MAY_NOT: [service: string, site: 'platform' | 'acme' | 'alpha', verb: string, group: string, resource: string][] =
  [
    ['broker', 'platform', 'get', '', 'secrets'],
    ['broker', 'platform', 'delete', COORD, 'migrationconfigurations'],
    ['broker', 'platform', 'patch', COORD, 'placementpolicies'],
    ['broker', 'platform', 'patch', COORD, 'consumerquotas'],
    ['broker', 'platform', 'update', COORD, 'providers'],
    ['broker', 'acme', 'delete', THING.group, THING.resource],
    ['broker', 'acme', 'create', THING.group, THING.resource],
    ['broker', 'acme', 'create', 'rbac.authorization.k8s.io', 'clusterrolebindings'],
    ['broker', 'acme', 'list', '', 'pods'],
    ['broker', 'alpha', 'create', '', 'secrets'],
    ['broker', 'alpha', 'update', '', 'secrets'],
    ['broker', 'alpha', 'patch', OFFERS, 'acceptapis'],
    ['broker', 'alpha', 'delete', '', 'namespaces'],
    ['broker', 'alpha', 'patch', THING.group, `${THING.resource}/status`],
    ['workspace-watcher', 'acme', 'patch', THING.group, THING.resource],
    ['workspace-watcher', 'alpha', 'create', THING.group, THING.resource],
    ['workspace-watcher', 'platform', 'create', COORD, 'assignments'],
    ['acceptapi-registry', 'acme', 'list', THING.group, THING.resource],
    ['acceptapi-registry', 'alpha', 'get', '', 'secrets'],
    ['placement-scheduler', 'alpha', 'create', THING.group, THING.resource],
    ['placement-scheduler', 'acme', 'get', '', 'secrets'],
    ['provider-syncer', 'platform', 'create', COORD, 'assignments'],
    ['provider-syncer', 'platform', 'create', COORD, 'migrations'],
    ['migration-coordinator', 'platform', 'delete', COORD, 'assignments'],
    ['migration-coordinator', 'acme', 'list', THING.group, THING.resource],
  ]

test('the services have no more than that', async () => {
  const { platform } = world.landscape
  const sites = { platform, acme: world.consumer, alpha: world.alpha }
  const may = async (service: string, site: Site, verb: string, group: string, resource: string) => {
    const [name, subresource] = resource.split('/')
    const user = `system:serviceaccount:default:resource-broker-${service}`
    const attributes = { verb, group, resource: name, ...(subresource && { subresource }), namespace: 'default' }
    const spec = { user, groups: ['system:authenticated'], resourceAttributes: attributes }
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }
    const answer = await site.client.json('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review)
    return (answer['status'] as { allowed: boolean }).allowed
  }
  expect(await may('broker', sites.alpha, 'get', '', 'secrets')).toBe(true)
  expect(await may('provider-syncer', sites.acme, 'patch', THING.group, `${THING.resource}/status`)).toBe(true)
  for (const [service, at, verb, group, resource] of MAY_NOT)
    expect(await may(service, sites[at], verb, group, resource), `${service}: ${verb} ${resource} at ${at}`).toBe(false)
})
