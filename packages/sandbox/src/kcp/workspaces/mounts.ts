import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { Resource } from '../../kube/resource.ts'
import { markFalse, markTrue } from '../conditions.ts'
import type { ShardServices } from '../services.ts'
import { type MountReference, setStatus, workspaceSpec } from './model.ts'

const READY = 'MountReady'
/** Milliseconds between two looks at the object that a workspace is mounted from: it can be of any type. */
const LOOK_AGAIN = 1000

type MountStatus = { phase?: string; URL?: string }

/** A mounted workspace is served where the object that it refers to says, and is as ready as that. */
export function reconcileMount(
  { catalog, now }: ShardServices,
  client: LocalClient,
  resource: Resource,
  workspace: KubeObject,
): number {
  const { ref } = workspaceSpec(workspace).mount!
  const name = workspace.metadata.name ?? ''
  const mounted = find(catalog().list(client.cluster), client, ref)
  const { phase, URL } = (mounted?.['status'] ?? {}) as MountStatus
  if (URL !== undefined && URL !== '') {
    client.modify(resource, '', name, (object) => {
      object['spec'] = { ...workspaceSpec(object), URL }
    })
  }
  const isReady = phase === 'Ready' && URL !== undefined
  client.modify(
    resource,
    '',
    name,
    (object) => {
      setStatus(object, { phase: isReady ? 'Ready' : mounted === undefined ? 'Unavailable' : 'Initializing' })
      if (isReady) markTrue(object, READY, now())
      else markFalse(object, READY, whyNot(ref, mounted, phase), now())
    },
    'status',
  )
  return LOOK_AGAIN
}

function find(types: readonly Resource[], client: LocalClient, ref: MountReference): KubeObject | undefined {
  const [group = '', version = ''] = ref.apiVersion.includes('/') ? ref.apiVersion.split('/') : ['', ref.apiVersion]
  const type = types.find((each) => each.group === group && each.kind === ref.kind && each.versions.has(version))
  return type === undefined ? undefined : client.get(type, ref.namespace ?? '', ref.name)
}

function whyNot({ kind, name }: MountReference, mounted: KubeObject | undefined, phase = '') {
  if (mounted === undefined) {
    return { severity: 'Error' as const, reason: 'MountObjectNotFound', message: `${kind} "${name}" not found` }
  }
  const message = `Mount is not reporting ready. See ${kind} "${name}" status for more details`
  return { severity: 'Error' as const, reason: phase === '' ? 'MountNotReady' : `Mount${phase}`, message }
}
