import { celEnvironment } from '../cel/environment.ts'
import { compileCel, type Program } from '../cel/program.ts'

/** What `when` of a MigrationConfiguration sees: the two copies, the object of the consumer, and the Providers of the copies. */
const environment = celEnvironment(['from', 'to', 'object', 'fromProvider', 'toProvider'], 4096)

/** Compiles `when` of a MigrationConfiguration. Returns what is wrong with it, as a sentence, if it cannot be used. */
export const compileWhen = (source: string): Program | { mistake: string } => compileCel(source, environment, 'bool')
