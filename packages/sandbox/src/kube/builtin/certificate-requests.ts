import { isDeepStrictEqual } from 'node:util'
import type { Authorizer } from '../authorizer.ts'
import { StatusError } from '../errors.ts'
import { deepClone } from '../json.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy, StrategyContext, Subresource } from '../resource.ts'
import { timestamp } from '../timestamp.ts'
import { type CertificateRequest, type Condition, validateRequest } from './certificate-validation.ts'

const GROUP = 'certificates.k8s.io'

export const certificateRequests: Strategy = {
  validateName: () => [],
  allowUnconditionalUpdate: true,
  prepareForCreate(next: CertificateRequest, { user }) {
    const { username: _, uid: __, groups: ___, extra: ____, ...spec } = next.spec ?? {}
    next.spec = {
      ...spec,
      ...(user.username !== '' && { username: user.username }),
      ...(user.uid !== undefined && { uid: user.uid }),
      ...(user.groups.length > 0 && { groups: [...user.groups] }),
      ...(Object.keys(user.extra).length > 0 && { extra: deepClone(user.extra) }),
    }
    next.status = {}
  },
  prepareForUpdate(next: CertificateRequest, old: CertificateRequest, { subresource, now }) {
    next.spec = { ...old.spec }
    if (subresource === '') next.status = { ...old.status }
    else {
      if (subresource === 'status') keepApprovals(next, old)
      fillTimes(next, old, now)
    }
  },
  validate: (next, old, { subresource }) =>
    validateRequest(next as CertificateRequest, old as CertificateRequest | undefined, subresource),
}

/** `certificatesigningrequests/approval`: takes conditions, from who may `approve` for the signer. */
export function approval(authorizer: Authorizer): Subresource {
  return {
    ...{ name: 'approval', group: GROUP, version: 'v1', kind: 'CertificateSigningRequest' },
    update(parent: CertificateRequest, body: CertificateRequest, context) {
      const signer = parent.spec?.signerName ?? ''
      if (!mayApprove(authorizer, signer, context)) {
        const why = `user not permitted to approve requests with signerName "${signer}"`
        throw StatusError.forbidden(
          { group: GROUP, resource: 'certificatesigningrequests' },
          parent.metadata.name ?? '',
          why,
        )
      }
      parent.status = { ...parent.status }
      delete parent.status.conditions
      const conditions = body.status?.conditions
      if (conditions !== undefined && conditions !== null) parent.status.conditions = conditions
    },
  }
}

/** A signer is named as a whole, or by its domain as `example.com/*`. */
function mayApprove(authorizer: Authorizer, signer: string, { cluster, user }: StrategyContext): boolean {
  const names = [signer, `${signer.split('/')[0]}/*`]
  return names.some(
    (name) =>
      authorizer.authorize({
        ...{ cluster, user, verb: 'approve', group: GROUP, version: '*', resource: 'signers', subresource: '' },
        ...{ namespace: '', name, path: '', isResourceRequest: true },
      }).allowed,
  )
}

/** The status subresource changes approvals only where their number changes, which validation then refuses. */
function keepApprovals(next: CertificateRequest, old: CertificateRequest): void {
  for (const type of ['Approved', 'Denied']) {
    const of = (request: CertificateRequest) => (request.status?.conditions ?? []).filter((each) => each.type === type)
    const kept = of(old)
    if (kept.length === 0 || kept.length !== of(next).length) continue
    let index = 0
    next.status!.conditions = next.status!.conditions!.map((each) => (each.type === type ? kept[index++]! : each))
  }
}

function fillTimes(next: CertificateRequest, old: KubeObject, now: Date): void {
  const time = timestamp(now)
  const before = (old as CertificateRequest).status?.conditions ?? []
  const isSame = (a: Condition, b: Condition) => isDeepStrictEqual([a.type, a.status], [b.type, b.status])
  for (const condition of next.status?.conditions ?? []) {
    condition.lastUpdateTime ??= time
    condition.lastTransitionTime ??= before.find((each) => isSame(each, condition))?.lastTransitionTime ?? time
  }
}
