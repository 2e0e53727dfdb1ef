import type { FieldError } from '../errors.ts'
import { generated, labelErrors, qualifiedNameErrors } from '../name-rules.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy, Subresource } from '../resource.ts'
import { invalid, invalidEach } from './field-errors.ts'

const FINALIZER = 'kubernetes'
const NAME_LABEL = 'kubernetes.io/metadata.name'
const STANDARD_FINALIZERS = [FINALIZER, 'orphan', 'foregroundDeletion']

type Namespace = KubeObject & { spec?: { finalizers?: string[] }; status?: { phase?: string } }

export const namespaces: Strategy = {
  validateName: generated(labelErrors),
  allowUnconditionalUpdate: true,
  applyDefaults: labelWithName,
  prepareForCreate(next: Namespace) {
    next.status = { phase: 'Active' }
    const finalizers = next.spec?.finalizers ?? []
    next.spec = { finalizers: finalizers.includes(FINALIZER) ? finalizers : [...finalizers, FINALIZER] }
    labelWithName(next)
  },
  prepareForUpdate(next: Namespace, old: Namespace, { subresource }) {
    if (subresource === 'status') next.spec = { ...old.spec }
    else {
      if (subresource !== 'finalize') next.spec = { ...old.spec }
      next.status = { ...old.status }
    }
    next.status ??= {}
    next.status.phase ??= 'Active'
    labelWithName(next)
  },
  validate(next: Namespace, _, { subresource }) {
    if (subresource === 'status') return phaseErrors(next)
    const finalizers = next.spec?.finalizers ?? []
    return finalizers.flatMap((each, index) => {
      const path = subresource === 'finalize' ? `spec.finalizers[${index}]` : 'spec.finalizers'
      return finalizerErrors(each, path)
    })
  },
}

/** The only way to take a finalizer off a namespace. */
export const finalize: Subresource = {
  name: 'finalize',
  group: '',
  version: 'v1',
  kind: 'Namespace',
  verbs: ['update'],
  update(parent: Namespace, body: Namespace) {
    parent.spec = { ...body.spec }
  },
}

/** What is wrong with the name of a finalizer of a namespace. */
function finalizerErrors(name: string, path: string): FieldError[] {
  const errors = invalidEach(path, name, qualifiedNameErrors(name))
  if (!name.includes('/') && !STANDARD_FINALIZERS.includes(name)) {
    errors.push(invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified'))
  }
  return errors
}

function phaseErrors({ metadata, status }: Namespace): FieldError[] {
  const wanted = metadata.deletionTimestamp === undefined ? 'Active' : 'Terminating'
  if (status?.phase === wanted) return []
  const when = wanted === 'Active' ? 'is empty' : 'is not empty'
  return [invalid('status.Phase', status?.phase ?? '', `may only be '${wanted}' if \`deletionTimestamp\` ${when}`)]
}

function labelWithName({ metadata }: Namespace): void {
  if (metadata.name !== undefined) metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name }
}
