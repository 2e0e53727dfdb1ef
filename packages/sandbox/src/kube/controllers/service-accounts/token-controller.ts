import type { StoreEvent } from '../../../store/types.ts'
import type { ServiceAccount } from '../../authn/mod.ts'
import { StatusError } from '../../errors.ts'
import { parseOwnJson, setKey } from '../../json.ts'
import type { KubeObject } from '../../objects.ts'
import { Controller } from '../controller.ts'
import type { IssueToken, KubeControllerDeps } from '../deps.ts'
import { keyOf, parseKey } from '../types.ts'

const TOKEN_TYPE = 'kubernetes.io/service-account-token'
const ACCOUNT_NAME = 'kubernetes.io/service-account.name'
const ACCOUNT_UID = 'kubernetes.io/service-account.uid'

type Secret = KubeObject & { type?: string; data?: Record<string, string> }

/**
 * Fills Secrets of type `kubernetes.io/service-account-token`, and deletes those whose service account is not there, as
 * kube-controller-manager does. Its keys are those of Secrets.
 */
export function tokenController(deps: KubeControllerDeps): Controller {
  const { secrets, serviceAccounts } = deps.types
  return new Controller(deps.store, deps.log, {
    name: 'service-account-tokens',
    triggers: [
      { resource: secrets.storage, keys: tokenSecret },
      { resource: serviceAccounts.storage, keys: (event) => secretsOf(deps, event) },
    ],
    reconcile: (key) => reconcile(deps, key),
  })
}

function tokenSecret({ type, entry: { key, bytes } }: StoreEvent): string[] {
  return type !== 'DELETED' && bytes.includes(TOKEN_TYPE) ? [keyOf(key)] : []
}

/** The Secrets that an account which goes takes along. */
function secretsOf({ store, types }: KubeControllerDeps, { type, entry: { key } }: StoreEvent): string[] {
  if (type !== 'DELETED') return []
  const { cluster, namespace } = key
  const { entries } = store.list({ resource: types.secrets.storage, cluster, namespace })
  return entries.flatMap((entry) => {
    if (!entry.bytes.includes(TOKEN_TYPE)) return []
    return parseOwnJson<Secret>(entry.bytes).metadata.annotations?.[ACCOUNT_NAME] === key.name ? [keyOf(entry.key)] : []
  })
}

function reconcile({ types, client: clientOf, issueToken, rootCa = '' }: KubeControllerDeps, key: string): undefined {
  const { cluster, namespace, name } = parseKey(key)
  const client = clientOf(cluster)
  const secret = client.get(types.secrets, namespace, name) as Secret | undefined
  if (secret?.type !== TOKEN_TYPE || secret.metadata.deletionTimestamp !== undefined) return undefined
  const account = accountOf(secret, client.get(types.serviceAccounts, namespace, accountName(secret)))
  tolerant(() => {
    if (account === undefined) {
      client.delete(types.secrets, namespace, name, { preconditions: { uid: secret.metadata.uid! } })
      return
    }
    const own = { cluster, namespace, name: accountName(secret), uid: account.metadata.uid! }
    client.modify(types.secrets, namespace, name, (object) => fill(object, own, rootCa, issueToken))
  })
  return undefined
}

function accountName({ metadata }: Secret): string {
  return metadata.annotations?.[ACCOUNT_NAME] ?? ''
}

/** The account itself, not one of the same name that came after it. */
function accountOf({ metadata }: Secret, found: KubeObject | undefined): KubeObject | undefined {
  const uid = metadata.annotations?.[ACCOUNT_UID] ?? ''
  return uid === '' || uid === found?.metadata.uid ? found : undefined
}

function fill(secret: Secret, account: ServiceAccount, rootCa: string, issue: IssueToken): void {
  const data = secret.data ?? {}
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  if (rootCa !== '') data['ca.crt'] = encoded(rootCa)
  data['namespace'] = encoded(account.namespace)
  if ((data['token'] ?? '') === '') data['token'] = encoded(issue(account, secret.metadata.name!))
  secret.data = data
  const { annotations = {} } = secret.metadata
  setKey(annotations, ACCOUNT_UID, account.uid)
  secret.metadata.annotations = annotations
}

/** What is gone or was made anew meanwhile needs nothing more. */
function tolerant(action: () => void): void {
  try {
    action()
  } catch (error) {
    const settled = error instanceof StatusError && (error.reason === 'NotFound' || error.reason === 'Conflict')
    if (!settled) throw error
  }
}
