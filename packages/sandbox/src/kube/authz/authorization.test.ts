import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

import { createSigningKey, ServiceAccountTokens, TokenAuthenticator } from '../authn/mod.ts'
import type { Attributes, Authorization } from '../authorizer.ts'
import { builtInResources } from '../builtin/mod.ts'
import { StatusError } from '../errors.ts'
import type { KubeObject } from '../objects.ts'
import type { StrategyContext } from '../resource.ts'
import { bootstrapPolicySource, PolicyIndex, RbacAuthorizer } from './mod.ts'

const NAMES = { issuer: 'https://kcp.default.svc', clusterExtra: 'authentication.kcp.io/cluster-name' }

type Answer = { kind?: string; code?: number; message?: string; status: unknown }
type Recorded = {
  setup: KubeObject[]
  reviews: { spec: object; status: Record<string, unknown> }[]
  requests: { as: string; groups: string[]; object: KubeObject; answer: Answer }[]
}

/** Recorded from a real kube-apiserver by scripts/record-built-ins.ts. */
const recorded = JSON.parse(readFileSync(new URL('./vectors/authorization.json', import.meta.url), 'utf8')) as Recorded

const index = new PolicyIndex()
for (const object of recorded.setup) index.set(object)
const rbac = new RbacAuthorizer([
  { policy: (cluster) => (cluster === 'root' ? index : undefined) },
  bootstrapPolicySource(),
])
/** Stands before RBAC in kube-apiserver. */
const authorizer = {
  authorize: (attributes: Attributes): Authorization =>
    attributes.user.groups.includes('system:masters') ? { allowed: true, reason: '' } : rbac.authorize(attributes),
}
const accounts = { serviceAccount: () => undefined, secret: () => undefined }
const tokens = new ServiceAccountTokens({ ...NAMES, signingKey: createSigningKey(), accounts })
const authenticator = new TokenAuthenticator({ knownUser: () => undefined, serviceAccounts: tokens })
const resources = builtInResources({ authorizer, rbac, tokens, accounts, authenticator })

const contextOf = (username: string, groups: readonly string[]): StrategyContext => ({
  ...{ cluster: 'root', subresource: '', now: new Date() },
  user: { username, groups: [...groups, 'system:authenticated'], extra: {} },
})

describe('RBAC decides as kube-apiserver', () => {
  test.each(recorded.reviews.map(({ spec, status }) => ({ name: JSON.stringify(spec), spec, status })))(
    '$name',
    ({ spec, status }) => {
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {}, spec }
      const { strategy } = resources.find(({ kind }) => kind === 'SubjectAccessReview')!
      expect(strategy.review!(structuredClone(review), contextOf('admin', []))['status']).toEqual(status)
    },
  )

  test('objects of one logical cluster do not count in another', () => {
    const { user } = contextOf('alice', [])
    const ask = { user, verb: 'get', group: '', version: 'v1', resource: 'configmaps', subresource: '', namespace: '' }
    const more = { name: '', path: '', isResourceRequest: true }
    expect(rbac.authorize({ ...ask, ...more, cluster: 'root' }).allowed).toBe(true)
    expect(rbac.authorize({ ...ask, ...more, cluster: 'other' })).toEqual({ allowed: false, reason: '' })
  })
})

describe('others than the administrator are answered as by kube-apiserver', () => {
  const cases = recorded.requests.map((each) => ({ ...each, name: `${each.as}: ${JSON.stringify(each.object)}` }))
  test.each(cases)('$name', ({ as, groups, object, answer }) => {
    const ours = answerOf(structuredClone(object), contextOf(as, groups))
    if (answer.code !== undefined) expect(ours).toMatchObject({ code: answer.code, message: answer.message })
    else if (object.kind.endsWith('Review')) expect(shown(ours)).toEqual(shown(answer))
    else expect(ours).toMatchObject(object)
  })
})

function answerOf(object: KubeObject, context: StrategyContext): Answer {
  const { strategy } = resources.find(({ kind }) => kind === object.kind)!
  object.metadata ??= {}
  try {
    if (strategy.review !== undefined) return strategy.review(object, context) as unknown as Answer
    strategy.prepareForCreate?.(object, context)
    return object as unknown as Answer
  } catch (error) {
    if (error instanceof StatusError) return error.status as Answer
    throw error
  }
}

/** The order of rules is that in which bindings are found; what kube-apiserver adds of its own stays out. */
function shown({ status }: Answer): unknown {
  const { resourceRules = [], nonResourceRules = [], ...rest } = status as Record<string, object[]>
  const sorted = (rules: object[]) => rules.map((rule) => JSON.stringify(rule, Object.keys(rule).sort())).sort()
  return { ...rest, resourceRules: sorted(resourceRules), nonResourceRules: sorted(nonResourceRules) }
}
