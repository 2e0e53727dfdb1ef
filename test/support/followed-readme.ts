import type { Walk } from '@resource-broker/testbed'
import { afterAll, beforeAll } from 'vitest'

/** Follows an example's README before the tests of a suite, and ends what that started after them. */
export function followedReadme(prepare: (say: (line: string) => void) => Promise<Walk>) {
  /** What was told on the way, line by line. */
  const said: string[] = []
  let walk: Walk | undefined
  beforeAll(async () => {
    walk = await prepare((line) => void said.push(line))
    await walk.walkthrough.walk(walk.steps)
  })
  afterAll(() => walk?.walkthrough.stop())
  /** Runs one more command where the README's were run; answers what it prints. */
  const run = (command: string): Promise<string> => (walk as Walk).walkthrough.run(command)
  return { said, run }
}
