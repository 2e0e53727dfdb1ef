import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startService } from '../support/broker.ts'
import type { Injections } from '../support/injections.ts'
import { startKcpLandscape } from '../support/kcp-landscape.ts'
import { type Landscape, ROOT, type Site, startWorkspaces } from '../support/landscape.ts'
import { operate, THING_KIND } from '../support/provider-controller.ts'
import {
  create,
  gone,
  offer,
  offerCondition,
  patchSpec,
  release,
  served,
  thing,
  thingRef,
  told,
  withdraw,
} from '../support/things.ts'
import type { RequestKind } from './failures/request-kind.ts'
import { REQUESTS } from './failures/requests.ts'
import { noteSent, signInByToken } from './failures/sent.ts'

const CRDS = [join(ROOT, 'test/support/thing-crd.yaml')]
const SITES = { consumers: ['acme'], providers: ['alpha', 'beta'] }

/** What docs/failures.md has a section on. */
const IN_THE_TABLE = REQUESTS.map(wordOf)
function wordOf({ method, resource, subresource }: RequestKind): string {
  return `${method} ${resource}${subresource === undefined ? '' : `/${subresource}`}`.trim()
}
/** What the table has of a kcp alone, but for what is done when nobody wants something for a while, or when an export changes. */
const OF_KCP = REQUESTS.filter(({ inKcp, method }) => inKcp && ['WATCH', 'GET', 'POST', 'PATCH'].includes(method))
  .map(wordOf)
  .filter((request) => !['PATCH apibindings', 'GET workspaces', 'GET apibindings', 'GET apiexports'].includes(request))
/** What a broker asks before it begins; test/trust/start.test.ts has what is told then. */
const AT_THE_START = ['GET namespaces']
/** Has the broker do everything that it does, each for a reason of its own. */
async function playAll(landscape: Landscape): Promise<string[]> {
  const [acme, alpha, beta] = [...Object.values(landscape.consumers), ...Object.values(landscape.providers)] as [
    Site,
    Site,
    Site,
  ]
  const sent = noteSent(landscape.injections as Injections)
  const stops = await Promise.all([operate(alpha), operate(beta)])
  const broker = await startService(landscape, 'broker')
  try {
    await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }], capacity: 5 })
    await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
    await offerCondition(alpha, 'small', 'True', 'Indexed')
    await offerCondition(beta, 'large', 'True', 'Indexed')
    await create(acme, thing('moves', { size: 'small', secret: true }))
    await served(acme, 'moves', alpha)
    await patchSpec(acme, thingRef('moves'), { value: 2 })
    await served(acme, 'moves', alpha)
    await patchSpec(acme, thingRef('moves'), { size: 'large' })
    await served(acme, 'moves', beta)
    await create(acme, thing('nowhere', { size: 'unheard of' }))
    await told(acme, 'nowhere', 'Placed', 'False', 'NoProviderAccepts')
    await release(acme, 'moves')
    await acme.kube.delete(thingRef('nowhere'))
    await gone(acme, thingRef('nowhere'))
    await offer(alpha, 'wrong', { filters: [{ key: 'size', pattern: '(' }] })
    await offerCondition(alpha, 'wrong', 'False', 'Invalid')
    await withdraw(alpha, 'wrong')
    return [...sent]
  } finally {
    for (const stop of stops) stop()
    await broker.stop()
    await landscape.stop()
  }
}

test.for([
  { mode: 'workspaces as clusters', kcp: false },
  { mode: 'a kcp', kcp: true },
])(
  'whatever the broker asks of servers in $mode stands in the table of failures',
  async ({ kcp }, { onTestFinished }) => {
    const dir = await mkdtemp(join(tmpdir(), 'resource-broker-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    const landscape = kcp
      ? await startKcpLandscape({ dir, ...SITES, brokeredCrds: CRDS })
      : await startWorkspaces({ dir, ...SITES, kinds: [THING_KIND], consumerCrds: CRDS, providerCrds: CRDS })
    if (!kcp) await signInByToken(landscape)
    const known = [...IN_THE_TABLE, ...AT_THE_START]
    const sent = await playAll(landscape)
    expect(sent.filter((request) => !known.includes(request)).sort()).toEqual([])
    // So that a request that is not told from those of the tests does not go unseen.
    expect(sent).toEqual(
      expect.arrayContaining(['POST assignments', 'PATCH things', 'POST migrations', 'DELETE things']),
    )
    if (kcp) expect(sent).toEqual(expect.arrayContaining(OF_KCP))
  },
)
