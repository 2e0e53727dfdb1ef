import type { GVK } from '../kinds/meta.ts'

/** What stages may deploy. */
export const STAGE_KINDS: readonly GVK[] = [
  { group: 'batch', version: 'v1', kind: 'Job' },
  { group: '', version: 'v1', kind: 'ConfigMap' },
  { group: '', version: 'v1', kind: 'Secret' },
]
