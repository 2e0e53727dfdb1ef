import { randomBytes } from 'node:crypto'
import { Controller, keyOf, parseKey } from '../../../kube/controllers/mod.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { LocalClient } from '../../../kube/requests/types.ts'
import type { Resource } from '../../../kube/resource.ts'
import type { ObjectKey } from '../../../store/types.ts'
import { IDENTITY_VALID } from '../../condition-types.ts'
import { markFalse, markTrue } from '../../conditions.ts'
import { identityHash } from '../../hashes.ts'
import { IDENTITY_NAMESPACE } from '../../names.ts'
import type { ShardServices } from '../../services.ts'
import { API_EXPORTS, apiExports } from '../system-types/mod.ts'
import type { ApiExport } from '../types.ts'

const KEY_BYTES = 32

/** Gives every export its identity: a secret, and the hash of its key (contract 5.3). */
export function identityController({ store, cache, log, builtIns, clientIn, now }: ShardServices): Controller {
  const type = (name: string) => builtIns.find(({ group, resource }) => group === '' && resource === name)!
  const types = { namespaces: type('namespaces'), secrets: type('secrets') }
  return new Controller(store, log, {
    name: 'apiexport-identities',
    triggers: [
      { resource: API_EXPORTS },
      { resource: types.secrets.storage, keys: ({ entry }) => exportsWith(cache, entry.key) },
    ],
    reconcile(key) {
      const { cluster, name } = parseKey(key)
      const client = clientIn(cluster)
      const apiExport = client.get(apiExports, '', name) as ApiExport | undefined
      if (apiExport === undefined || apiExport.metadata.deletionTimestamp !== undefined) return undefined
      if (apiExport.spec?.identity?.secretRef === undefined) makeIdentity(client, types, name)
      else verify(client, types.secrets, apiExport, now())
      return undefined
    },
  })
}

/** Keys of the exports that have their identity from a secret. */
function exportsWith(cache: ShardServices['cache'], { cluster, namespace, name }: ObjectKey): string[] {
  const isFrom = ({ spec }: ApiExport) => {
    const { secretRef } = spec?.identity ?? {}
    return secretRef?.namespace === namespace && secretRef.name === name
  }
  return cache
    .list('apiexports.apis.kcp.io', cluster)
    .filter(({ object }) => isFrom(object as ApiExport))
    .map((each) => keyOf({ cluster, namespace: '', name: each.name }))
}

function makeIdentity(client: LocalClient, types: { namespaces: Resource; secrets: Resource }, name: string): void {
  if (client.get(types.namespaces, '', IDENTITY_NAMESPACE) === undefined) {
    client.create(types.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: IDENTITY_NAMESPACE } })
  }
  if (client.get(types.secrets, IDENTITY_NAMESPACE, name) === undefined) {
    const key = Buffer.from(randomBytes(KEY_BYTES).toString('hex')).toString('base64')
    const metadata = { name, namespace: IDENTITY_NAMESPACE }
    client.create(types.secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data: { key } })
  }
  client.modify(apiExports, '', name, (object) => {
    const spec = (object['spec'] ?? {}) as object
    object['spec'] = { ...spec, identity: { secretRef: { namespace: IDENTITY_NAMESPACE, name } } }
  })
}

/** An identity never changes: another key in the secret is an error of the export. */
function verify(client: LocalClient, secrets: Resource, { metadata, spec, status }: ApiExport, now: Date): void {
  const { namespace = '', name = '' } = spec?.identity?.secretRef ?? {}
  const secret = client.get(secrets, namespace, name) as (KubeObject & { data?: { key?: string } }) | undefined
  const key = secret?.data?.key
  const hash = key === undefined ? undefined : identityHash(Buffer.from(key, 'base64'))
  const known = status?.identityHash
  const message =
    hash === undefined
      ? `secret ${namespace}/${name} has no data.key`
      : `the key in secret ${namespace}/${name} is not that of identity ${known}`
  const failed = hash === undefined || (known !== undefined && known !== hash)
  const change = (object: KubeObject) => {
    if (failed) {
      return markFalse(
        object,
        IDENTITY_VALID,
        { severity: 'Error', reason: 'IdentityVerificationFailed', message },
        now,
      )
    }
    object['status'] = { ...((object['status'] as object | undefined) ?? {}), identityHash: hash }
    markTrue(object, IDENTITY_VALID, now)
  }
  client.modify(apiExports, '', metadata.name ?? '', change, 'status')
}
