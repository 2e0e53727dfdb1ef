import { celEnvironment } from '../cel/environment.ts'
import { compileCel, type Program } from '../cel/program.ts'
import { type CelInput, celInput } from '../cel/values.ts'
import { type CelLookup, lookupsOf } from './cel-lookups.ts'

/** `necessary`: what has to be true of the object's spec for the expression to be true. */
export type FilterProgram = Program & { necessary: readonly CelLookup[] }

const LONGEST_EXPRESSION = 2048
const environment = celEnvironment(['object'], LONGEST_EXPRESSION)

/** Compiles the `cel` of a filter, an expression over `object` that is true or false, or says what is wrong with it. */
export function compileCelFilter(source: string): FilterProgram | { mistake: string } {
  const program = compileCel(source, environment, 'bool')
  return 'mistake' in program ? program : { ...program, necessary: lookupsOf(program.ast) }
}

/** What a filter sees of an object: apiVersion, kind, metadata and spec. */
export function filterInput({ apiVersion, kind, metadata, spec }: Record<string, unknown>): CelInput {
  return celInput({ object: { apiVersion, kind, metadata: metadata ?? {}, spec: spec ?? {} } })
}
