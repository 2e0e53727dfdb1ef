import type { MigrationStage } from '../kinds/migration-configuration.ts'

/** Whether stages deploy anything, for which there has to be a compute cluster. */
export const hasTemplates = (stages: readonly Pick<MigrationStage, 'templates'>[] = []): boolean =>
  stages.some(({ templates = {} }) => Object.keys(templates).length > 0)
