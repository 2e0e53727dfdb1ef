import type { Entry, Store } from '../../../store/types.ts'
import { StatusError } from '../../errors.ts'
import { parseOwnJson } from '../../json.ts'
import type { KubeObject } from '../../objects.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../requests/types.ts'

const NAMESPACES = { group: '', resource: 'namespaces' }
const IMMORTAL = ['default', 'kube-system', 'kube-public']

/** Refuses changes in namespaces that are not there, new content in those that go, and the end of those that must stay. */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle'
  private readonly store: Store
  private readonly terminating = new WeakMap<Entry, boolean>()

  constructor(store: Store) {
    this.store = store
  }

  mutate(request: AdmissionRequest): void {
    const { resource, namespace, operation, cluster } = request
    if (!resource.namespaced || namespace === '') return
    if (resource.group === 'authorization.k8s.io') return
    const entry = this.store.get({ resource: 'namespaces', cluster, namespace: '', name: namespace })
    if (entry === undefined) throw StatusError.notFound(NAMESPACES, namespace)
    if (operation === 'CREATE' && this.isTerminating(entry)) throw terminatingError(request)
  }

  validate({ operation, resource, name }: AdmissionRequest): void {
    const isNamespace = resource.group === '' && resource.resource === 'namespaces'
    if (operation === 'DELETE' && isNamespace && IMMORTAL.includes(name)) {
      throw StatusError.forbidden(NAMESPACES, name, 'this namespace may not be deleted')
    }
  }

  private isTerminating(entry: Entry): boolean {
    const known = this.terminating.get(entry)
    if (known !== undefined) return known
    const { metadata, status } = parseOwnJson<KubeObject & { status?: { phase?: string } }>(entry.bytes)
    const terminating = metadata.deletionTimestamp !== undefined || status?.phase === 'Terminating'
    this.terminating.set(entry, terminating)
    return terminating
  }
}

function terminatingError({ resource, name, namespace }: AdmissionRequest): StatusError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const { code, reason, message, details } = StatusError.forbidden(resource, name, why)
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  return new StatusError(code, reason, message, { ...details, causes: [cause] })
}
