import type { MigrationStage } from '../kinds/migration-configuration.ts'

type Parts = Pick<MigrationStage, 'templates' | 'preconditions' | 'successConditions' | 'failureConditions' | 'results'>

/**
 * Whether stages need what the two copies say or refer to: whatever is deployed has their related objects beside it, and each expression
 * may read them. One that waits, or for a person, needs neither.
 */
export const seesCopies = (stages: readonly Parts[] = []): boolean =>
  stages.some(({ templates, preconditions, successConditions, failureConditions, results }) =>
    [templates, preconditions, successConditions, failureConditions, results].some(
      (part) => Object.keys(part ?? {}).length > 0,
    ),
  )
