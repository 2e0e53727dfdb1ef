import { relatedResources, renderObject } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { CopySeen, Deployment, Mirror, Side } from '../step.ts'
import { expressionsOf, type Input } from './evaluate.ts'
import type { Turn } from './run-stages.ts'

/** What an attempt deploys, of what its expressions see now; a reason for people while that cannot be told. */
export function deployment(
  { migration, around, stage, status }: Turn,
  input: Input,
): Deployment | { waitsFor: string } {
  const run = { migration: migration.metadata.name, stage: stage.name }
  const objects: Record<string, KubeObject> = {}
  for (const template of expressionsOf(stage).templates) {
    const rendered = renderObject(template, run, input)
    if ('failures' in rendered) {
      const [first] = rendered.failures
      return { waitsFor: `waits for what ${first?.path} shows: ${first?.error}` }
    }
    objects[template.key] = rendered.value as KubeObject
  }
  const { from, to } = around.copies
  const mirrors = [...mirrorsOf('from', from), ...mirrorsOf('to', to)]
  return { stage: stage.name, attempt: status.attempt, objects, mirrors }
}

function mirrorsOf(side: Side, copy: CopySeen | null | undefined): Mirror[] {
  const { related } = relatedResources(copy?.object.status)
  return related.flatMap(({ gvk: { group, kind }, namespace = copy?.object.metadata.namespace ?? 'default', name }) =>
    copy && group === '' && (kind === 'Secret' || kind === 'ConfigMap')
      ? [{ side, kind, namespace, name, cluster: copy.cluster }]
      : [],
  )
}
