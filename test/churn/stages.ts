import { labels, Migration } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isTransient } from '@resource-broker/kube'
import type { Landscape } from '../support/landscape.ts'
import { runStages } from '../support/stage-runner.ts'
import { configureMoves } from '../support/things.ts'
import { untilNothingLeft } from './until-nothing-left.ts'

/** How an object asks to be moved: as a plain move, through stages, with its old copy kept, or both. */
export const WAYS = ['plain', 'staged', 'kept', 'staged-and-kept'] as const
export type Way = (typeof WAYS)[number]

const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces' }
/** Of the order of what owners do next, so that some come back in that time. */
const KEPT_FOR = '4s'
/** Every so manieth stage comes to nothing, and is tried again. */
const FAILS_EVERY = 9

const STAGES = ['Initial', 'Cutover', 'Finalize'].map((phase) => ({
  ...{ name: phase.toLowerCase(), phase, retries: 100 },
  templates: { run: { apiVersion: 'v1', kind: 'ConfigMap', data: { of: '${string(from.spec.value)}' } } },
  successConditions: ['has(run.data.done)'],
  failureConditions: ['has(run.data.failed)'],
}))

/** What each way but the plain one adds to a MigrationConfiguration. */
const RULES = {
  staged: { stages: STAGES },
  kept: { keepOutgoing: KEPT_FOR },
  'staged-and-kept': { stages: STAGES, keepOutgoing: KEPT_FOR },
} satisfies Record<Exclude<Way, 'plain'>, object>

/** Makes the platform the compute cluster of a landscape, and says there how each object is moved that asks for it. */
export async function prepareStages({ platform, flags }: Landscape): Promise<void> {
  flags.push('--compute-kubeconfig', platform.kubeconfig, '--stage-kinds', 'ConfigMap.v1.')
  for (const [way, rules] of Object.entries(RULES))
    await configureMoves(platform, way, { when: `object.spec.way == "${way}"`, ...rules })
  let count = 0
  runStages(platform, () => (++count % FAILS_EVERY === 0 ? 'failed' : 'done'))
}

/** Waits until nothing is left of what stages had at the compute cluster, and no Migration waits for that. @throws with what is left */
export async function untilNothingStaged({ platform: { kube } }: Landscape, timeoutMs: number): Promise<void> {
  const look = async () => {
    const [namespaces, migrations] = await Promise.all([
      kube.list<KubeObject>(NAMESPACES, { labelSelector: labels.migrationName }),
      kube.list<Migration>(Migration.resource),
    ])
    return [
      ...namespaces.items.map(({ metadata }) => `namespace ${metadata.name} is left at the compute cluster`),
      ...migrations.items
        .filter(({ metadata }) => metadata.finalizers?.length)
        .map(({ metadata }) => `Migration ${metadata.name} has finalizers still: ${metadata.finalizers}`),
    ]
  }
  const patient = () =>
    look().catch((error: unknown) => {
      if (!isTransient(error)) throw error
      return undefined
    })
  await untilNothingLeft('stages', patient, timeoutMs)
}
