import type { AccountLookup, ServiceAccountTokens } from '../authn/mod.ts'
import { type FieldError, StatusError } from '../errors.ts'
import type { KubeObject } from '../objects.ts'
import type { StrategyContext, Subresource } from '../resource.ts'
import { timestamp } from '../timestamp.ts'
import { invalid } from './field-errors.ts'

const GROUP = 'authentication.k8s.io'
const DEFAULT_SECONDS = 3600
const MIN_SECONDS = 600
const MAX_SECONDS = 2 ** 32

type BoundObject = { kind?: string; apiVersion?: string; name?: string; uid?: string }
type TokenRequest = KubeObject & {
  spec?: { audiences?: string[]; expirationSeconds?: number; boundObjectRef?: BoundObject | null }
}

/** `serviceaccounts/token`: issues a token that expires. */
export function tokenRequests(tokens: ServiceAccountTokens, accounts: Pick<AccountLookup, 'secret'>): Subresource {
  return {
    ...{ name: 'token', group: GROUP, version: 'v1', kind: 'TokenRequest' },
    create(parent, body: TokenRequest, context) {
      checkIdentity(parent, body)
      const { namespace = '', name = '', uid = '' } = parent.metadata
      const spec = body.spec ?? {}
      const audiences = (spec.audiences ?? []).length === 0 ? [...tokens.audiences] : spec.audiences!
      const expirationSeconds = spec.expirationSeconds ?? DEFAULT_SECONDS
      const errors = durationErrors(expirationSeconds)
      if (errors.length > 0) throw StatusError.invalid(GROUP, 'TokenRequest', '', errors)
      const boundObjectRef = spec.boundObjectRef ?? null
      const secret = boundObjectRef === null ? undefined : boundSecret(boundObjectRef, namespace, context, accounts)
      const account = { cluster: context.cluster, namespace, name, uid }
      const { now } = context
      const token = tokens.issue({
        ...{ account, audiences, expirationSeconds, now },
        ...(secret !== undefined && { secret }),
      })
      const expires = new Date(now.getTime() + expirationSeconds * 1000)
      return {
        apiVersion: `${GROUP}/v1`,
        kind: 'TokenRequest',
        metadata: { name, namespace, uid, creationTimestamp: timestamp(now) },
        spec: { audiences, expirationSeconds, boundObjectRef },
        status: { token, expirationTimestamp: timestamp(expires) },
      }
    },
  }
}

function checkIdentity({ metadata: account }: KubeObject, { metadata: wanted = {} }: TokenRequest): void {
  for (const field of ['name', 'namespace'] as const) {
    const value = wanted[field]
    if (value === undefined || value === '' || value === account[field]) continue
    const why = `must match the service account ${field} if specified`
    throw StatusError.invalid(GROUP, 'TokenRequest', account.name ?? '', [invalid(`metadata.${field}`, value, why)])
  }
  if (wanted.uid === undefined || wanted.uid === '' || wanted.uid === account.uid) return
  const why = `the UID in the token request (${wanted.uid}) does not match the UID of the service account (${account.uid})`
  throw StatusError.conflict({ group: GROUP, resource: 'TokenRequest' }, account.name ?? '', why)
}

function durationErrors(value: number): FieldError[] {
  const refuse = (why: string) => [invalid('spec.expirationSeconds', value, why)]
  if (value < MIN_SECONDS) return refuse('may not specify a duration less than 10 minutes')
  return value > MAX_SECONDS ? refuse('may not specify a duration larger than 2^32 seconds') : []
}

function boundSecret(
  { kind = '', apiVersion = '', name = '', uid = '' }: BoundObject,
  namespace: string,
  { cluster }: StrategyContext,
  accounts: Pick<AccountLookup, 'secret'>,
): { name: string; uid: string } {
  if (kind !== 'Secret' || apiVersion !== 'v1') {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
    throw StatusError.badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`)
  }
  const found = accounts.secret(cluster, namespace, name)?.metadata.uid
  if (found === undefined) throw StatusError.notFound({ group: '', resource: 'secrets' }, name)
  if (uid === '' || uid === found) return { name, uid: found }
  const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`
  throw StatusError.conflict({ group: '', resource: 'Secret' }, name, why)
}
