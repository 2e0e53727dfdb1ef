import type { MigrationStage } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { together } from '@resource-broker/service'
import type { Staging } from '../context.ts'
import { resourceOf } from './deploy.ts'
import { StageObstacle } from './stage-obstacle.ts'

/**
 * What the compute cluster does not serve of what stages without mistakes deploy: a sentence for each template.
 * @throws {KubeError} where its API server does not tell
 */
export async function unserved(staging: Staging, stages: readonly MigrationStage[]): Promise<string[]> {
  const asked = stages.flatMap(({ name, templates = {} }) =>
    Object.entries(templates).map(async ([key, template]) => {
      const why = await obstacleTo(staging, template as KubeObject)
      return why === undefined ? [] : [`stage ${name}, templates.${key}.kind: ${why}`]
    }),
  )
  return (await together(asked)).flat()
}

async function obstacleTo(staging: Staging, template: KubeObject): Promise<string | undefined> {
  try {
    await resourceOf(staging, template)
    return undefined
  } catch (error) {
    if (error instanceof StageObstacle) return error.message
    throw error
  }
}
