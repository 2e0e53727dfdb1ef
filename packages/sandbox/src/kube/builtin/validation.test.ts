import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

import { createSigningKey, ServiceAccountTokens, TokenAuthenticator } from '../authn/mod.ts'
import { bootstrapPolicySource, RbacAuthorizer } from '../authz/mod.ts'
import { StatusError } from '../errors.ts'
import type { KubeObject } from '../objects.ts'
import type { Resource, StrategyContext } from '../resource.ts'
import { builtInResources } from './mod.ts'
import { expand } from './vectors/texts.ts'

const NAMES = { issuer: 'https://kcp.default.svc', clusterExtra: 'authentication.kcp.io/cluster-name' }

type Cause = { reason: string; message: string; field: string }
type Answer = {
  kind?: string
  status: unknown
  code?: number
  message?: string
  details?: { causes?: Cause[]; group?: string; kind?: string }
}
type Vector = { name: string; kind: string; object: KubeObject; update?: KubeObject; at?: string; answer: Answer }

/** Recorded from a real kube-apiserver by scripts/record-built-ins.ts. */
const vectors = JSON.parse(readFileSync(new URL('./vectors/validation.json', import.meta.url), 'utf8')) as Vector[]

const accounts = { serviceAccount: () => undefined, secret: () => undefined }
const tokens = new ServiceAccountTokens({ ...NAMES, signingKey: createSigningKey(), accounts })
const rbac = new RbacAuthorizer([bootstrapPolicySource()])
const resources = builtInResources({
  ...{ authorizer: { authorize: () => ({ allowed: true, reason: '' }) }, rbac, tokens, accounts },
  authenticator: new TokenAuthenticator({ knownUser: () => undefined, serviceAccounts: tokens }),
})
/** As the recording's administrator. */
const user = { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'], extra: {} }

describe('the built-in types answer as kube-apiserver', () => {
  test.each(vectors)('$name', ({ object, update, at = '', answer }) => {
    const ours = masked(answerOf(expand(object), update === undefined ? undefined : expand(update), at))
    expect(ours).toEqual(expected(answer))
  })
})

function answerOf(object: KubeObject, update: KubeObject | undefined, at: string): unknown {
  const resource = resourceOf(object)
  if (resource.namespaced) object.metadata.namespace ??= 'default'
  const context = { cluster: 'root', user, subresource: '', now: new Date() }
  try {
    const created = create(resource, object, context)
    if (update === undefined) return created
    if (resource.namespaced) update.metadata.namespace = 'default'
    return replace(resource, created, update, { ...context, subresource: at })
  } catch (error) {
    if (error instanceof StatusError) return error.status
    throw error
  }
}

function resourceOf({ apiVersion, kind }: KubeObject): Resource {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
  const found = resources.find((each) => each.group === group && each.kind === kind)
  if (found === undefined) throw new Error(`no ${kind} of ${apiVersion}`)
  return found
}

function create(resource: Resource, object: KubeObject, context: StrategyContext): KubeObject {
  const { strategy } = resource
  if (strategy.review !== undefined) return strategy.review(object, context)
  strategy.prepareForCreate?.(object, context)
  check(resource, object, undefined, context)
  return object
}

function replace(resource: Resource, old: KubeObject, update: KubeObject, context: StrategyContext): KubeObject {
  const subresource = resource.subresources?.find(({ name }) => name === context.subresource)
  const next = subresource === undefined ? update : structuredClone(old)
  subresource?.update?.(next, update, context)
  resource.strategy.prepareForUpdate?.(next, structuredClone(old), context)
  check(resource, next, old, context)
  return next
}

function check(resource: Resource, next: KubeObject, old: KubeObject | undefined, context: StrategyContext): void {
  const errors = resource.strategy.validate?.(next, old, context) ?? []
  if (errors.length > 0) throw StatusError.invalid(resource.group, resource.kind, next.metadata.name ?? '', errors)
}

/** Times are those of the recording. */
function masked(value: unknown): unknown {
  const text = JSON.stringify(value).replaceAll(/"(last\w+Time)":"[^"]+"/g, '"$1":"masked"')
  const answer = JSON.parse(text) as Answer & { metadata?: object }
  if (answer.kind !== 'Status') return answer
  return expected(answer)
}

function expected(answer: Answer): unknown {
  const { details, code } = answer
  if (code === undefined) {
    return JSON.parse(JSON.stringify(answer).replaceAll(/"(last\w+Time)":"[^"]+"/g, '"$1":"masked"'))
  }
  const causes = details?.causes?.map(({ reason, field, message }) => ({ reason, field, message }))
  const order = (cause: Cause) => JSON.stringify([cause.field, cause.message])
  if (causes !== undefined) return { code, causes: causes.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)) }
  return { code, message: answer.message }
}
