import { StatusError } from '../../errors.ts'
import { setAt, valueAt } from '../../field-path.ts'
import { deepClone } from '../../json.ts'
import type { KubeObject, ObjectMeta } from '../../objects.ts'
import type { ScaleSubresource } from '../../resource.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import { requireVisible } from '../visible-entry.ts'
import { track } from './managed-fields.ts'
import { updateObject } from './update.ts'

const UNSET = -(2 ** 31)

/** The autoscaling/v1 Scale of an object. Throws StatusError 500 when it does not say how many it wants. */
export function readScale(scope: Scope, name: string): KubeObject {
  const paths = scalePaths(scope)
  const object = scope.deps.reader.object(scope.resource, scope.version, requireVisible(scope, name))
  if (valueAt(object, paths.specReplicasPath) === undefined) {
    throw StatusError.internal(`the spec replicas field "${paths.specReplicasPath}" does not exist`)
  }
  return scaleOf(object, paths)
}

/** Changes the number that an object wants, by a Scale that `change` makes of the present one. Throws StatusError. */
export function changeScale(
  scope: Scope,
  name: string,
  change: (scale: KubeObject) => KubeObject,
  options: WriteOptions,
): KubeObject {
  const paths = scalePaths(scope)
  const whole: Scope = { ...scope, subresource: '' }
  const written = updateObject(
    whole,
    name,
    (old) => {
      if (old === undefined) throw StatusError.notFound(scope.resource, name)
      const scale = scaleOf(old, paths)
      // Stands for a number that was never said.
      if (valueAt(old, paths.specReplicasPath) === undefined) scale['spec'] = { replicas: UNSET }
      return withScale(scope, old, change(scale), options)
    },
    options,
  )
  return scaleOf(written.object, paths)
}

function withScale(scope: Scope, old: KubeObject, scale: KubeObject, options: WriteOptions): KubeObject {
  const { specReplicasPath } = scalePaths(scope)
  const { replicas } = (scale['spec'] ?? {}) as { replicas?: number }
  if (replicas === UNSET) throw StatusError.badRequest(`the spec replicas field "${specReplicasPath}" cannot be empty`)
  const next = deepClone(old)
  setAt(next, specReplicasPath, replicas ?? 0)
  const { resourceVersion } = scale.metadata
  if (resourceVersion !== undefined) next.metadata.resourceVersion = resourceVersion
  return withoutTime(track({ ...scope, subresource: 'scale' }, next, old, options))
}

/** What is owned through a scale carries no time, and so comes first. */
function withoutTime(object: KubeObject): KubeObject {
  const entries = object.metadata.managedFields ?? []
  const ofScale = entries.filter(({ subresource }) => subresource === 'scale').map(({ time: _, ...entry }) => entry)
  const others = entries.filter(({ subresource }) => subresource !== 'scale')
  const applied = others.filter(({ operation }) => operation === 'Apply')
  const updated = others.filter(({ operation }) => operation !== 'Apply')
  return { ...object, metadata: { ...object.metadata, managedFields: [...applied, ...ofScale, ...updated] } }
}

function scaleOf(object: KubeObject, paths: ScaleSubresource): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp } as ObjectMeta
  const selector = paths.labelSelectorPath === undefined ? undefined : valueAt(object, paths.labelSelectorPath)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata,
    spec: { replicas: numberAt(object, paths.specReplicasPath) || undefined },
    status: {
      replicas: numberAt(object, paths.statusReplicasPath),
      ...(typeof selector === 'string' && selector !== '' && { selector }),
    },
  }
}

function numberAt(object: KubeObject, path: string): number {
  const value = valueAt(object, path)
  return typeof value === 'number' ? value : 0
}

function scalePaths({ version, resource }: Scope): ScaleSubresource {
  if (version.scale === undefined) throw StatusError.notFound(resource, '')
  return version.scale
}
