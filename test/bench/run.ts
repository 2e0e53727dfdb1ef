import { onGround, withSubject } from './ground.ts'
import { type Measured, measure, type Sizes } from './measure.ts'
import type { SubjectName } from './subject.ts'

export type Run = { name: SubjectName; measured: Measured }

/** Measures each subject on the same servers, one after the other. Throws when an object is lost on the way. */
export async function runSubjects(names: SubjectName[], sizes: Sizes, say: (line: string) => void): Promise<Run[]> {
  return await onGround(say, async (ground) => {
    const runs: Run[] = []
    for (const name of names) {
      say(
        `${name}: ${sizes.samples} objects one by one, ${sizes.samples} changes of status, ${sizes.burst} objects at once`,
      )
      runs.push({ name, measured: await withSubject(ground, name, (stage) => measure(stage, sizes)) })
    }
    return runs
  })
}
