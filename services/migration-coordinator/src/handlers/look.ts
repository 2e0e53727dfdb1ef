import type { Outcome, Run } from '@resource-broker/bus'
import type { CoordinatorContext } from '../context.ts'
import { type CoordinatorMemory, noteWaiting } from '../memory.ts'
import { drive } from './drive.ts'
import { judge } from './judge.ts'

/** Looks at what a key stands for: the MigrationConfigurations for two kinds, or an object and its Migrations. */
export async function look(context: CoordinatorContext, run: Run<CoordinatorMemory>): Promise<Outcome> {
  const { key, view, memory } = run
  if (view.all('configuration').size > 0) return await judge(context, view)
  return await drive(context, run).finally(() => noteWaiting(memory, key, view))
}
