import type { Outcome, Run } from '@resource-broker/bus'
import type { CoordinatorContext } from '../context.ts'
import { drive } from './drive.ts'
import { judge } from './judge.ts'

/** Looks at what a key stands for: the MigrationConfigurations for two kinds, or an object and its Migrations. */
export async function look(context: CoordinatorContext, run: Run): Promise<Outcome> {
  return run.view.all('configuration').size > 0 ? await judge(context, run.view) : await drive(context, run)
}
