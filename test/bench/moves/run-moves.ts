import { Migration, MigrationConfiguration } from '@resource-broker/api'
import { waitFor } from '@resource-broker/testbed'
import { runStages } from '../../support/stage-runner.ts'
import { type Ground, onGround, withSubject } from '../ground.ts'
import type { Stage } from '../stage.ts'
import type { SubjectName } from '../subject.ts'
import { type Mode, type MoveSizes, type MovesMeasured, measureMoves, settleAll } from './measure-moves.ts'
import { stagesOfMoves } from './stages.ts'

export type MovesRun = { name: SubjectName; modes: Record<Mode, MovesMeasured> }

/**
 * Moves the objects of each subject from the first provider to the second as plain moves, and back through stages, on the same servers. The
 * platform is the compute cluster. Throws when an object is lost on the way.
 */
export async function runMoves(
  names: SubjectName[],
  sizes: MoveSizes,
  say: (line: string) => void,
): Promise<MovesRun[]> {
  return await onGround(say, async (ground) => {
    const { platform } = ground
    const flags = ['--compute-kubeconfig', platform.kubeconfig, '--stage-kinds', 'ConfigMap.v1.']
    const stop = runStages(platform)
    const runs: MovesRun[] = []
    for (const name of names) {
      say(`${name}: ${sizes.moves} moves at once, and as many through three stages`)
      const withStages = { ...ground, flags: [...ground.flags, ...flags] }
      const modes = await withSubject(withStages, name, (stage) => moveThereAndBack(ground, stage, sizes))
      for (const [mode, { seconds }] of Object.entries(modes)) say(`  ${mode} after ${seconds.ended.toFixed(1)} s`)
      runs.push({ name, modes })
      await forgetMoves(ground)
    }
    stop()
    return runs
  })
}

async function moveThereAndBack(ground: Ground, stage: Stage, sizes: MoveSizes): Promise<MovesRun['modes']> {
  const all = sizes.warmUp + sizes.moves
  await settleAll(stage, sizes)
  await stage.check(all, () => 0)
  const plain = await measureMoves(stage, sizes, 'plain', 1)
  await stage.check(all, () => 1)
  if (stage.hasRecords) await configure(ground)
  const staged = await measureMoves(stage, sizes, 'staged', 0)
  await stage.check(all, () => 0)
  return { plain, staged }
}

async function configure({ platform }: Ground): Promise<void> {
  const configuration = stagesOfMoves()
  const { name } = configuration.metadata
  await platform.kube.create(MigrationConfiguration.resource, configuration)
  await waitFor('the MigrationConfiguration is valid', async () => {
    const object = await platform.kube.get<object>({ ...MigrationConfiguration.resource, name })
    const { status } = MigrationConfiguration.of(object)
    return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
  })
}

async function forgetMoves({ platform }: Ground): Promise<void> {
  for (const { group, version, plural } of [Migration, MigrationConfiguration])
    await platform.client.json('DELETE', `/apis/${group}/${version}/${plural}`)
}
