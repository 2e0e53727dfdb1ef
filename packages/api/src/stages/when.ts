import { celEnvironment } from '../cel/environment.ts'
import { compileCel, type Program } from '../cel/program.ts'
import { celInput } from '../cel/values.ts'
import { describe } from '../filters/refusal.ts'

/** What `when` of a MigrationConfiguration sees: the two copies, the object of the consumer, and the Providers of the copies. */
const SEEN = ['from', 'to', 'object', 'fromProvider', 'toProvider'] as const
export type WhenSees = Readonly<Record<(typeof SEEN)[number], unknown>>

const environment = celEnvironment(SEEN, 4096)

/** Compiles `when` of a MigrationConfiguration. Returns what is wrong with it, as a sentence, if it cannot be used. */
export const compileWhen = (source: string): Program | { mistake: string } => compileCel(source, environment, 'bool')

/** Whether a MigrationConfiguration with this `when` is for a move; one that reads a field that is missing is not. */
export function isFor(when: string, sees: WhenSees): boolean | { mistake: string } {
  const program = compileWhen(when)
  if ('mistake' in program) return program
  const result = program.evaluate(celInput(sees))
  if ('error' in result) return result.kind === 'notYet' ? false : { mistake: result.error }
  if (typeof result.value === 'boolean') return result.value
  return { mistake: `it gives ${describe(result.value)}, not true or false` }
}
