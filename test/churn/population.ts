import type { World } from '../support/fault-world.ts'
import type { Site } from '../support/landscape.ts'
import type { Way } from './stages.ts'

export type Size = 'small' | 'large'

/** One name at one consumer, and what its owner wants to be there once all that was planned is done. */
export type Member = {
  name: string
  consumer: Site
  wanted: Wanted | undefined
  /** Resolves when all that was planned for it is done: its owner does one thing after another. */
  busy: Promise<void>
}

export type Wanted = { size: Size; secret: boolean; value: number; way: Way }

/** So many names, the consumers in turn; nothing is there yet. */
export function populate({ consumers }: World, count: number): Member[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `churn-${index}`,
    consumer: consumers[index % consumers.length] as Site,
    wanted: undefined,
    busy: Promise.resolve(),
  }))
}
