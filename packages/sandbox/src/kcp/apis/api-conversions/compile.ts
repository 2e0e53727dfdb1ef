import type { FieldError } from '../../../kube/errors.ts'
import { invalid } from '../../../kube/schema/field-errors.ts'
import {
  checkFieldPath,
  compileTransformation,
  type OpenApiSchema,
  type Transformation,
} from '../../../kube/schema/mod.ts'
import type { ApiConversion, ApiResourceSchema, VersionConversion } from '../types.ts'

/** How objects of one version become objects of another, ready to be done. */
export type Compiled = {
  readonly from: string
  readonly to: string
  readonly rules: readonly {
    readonly field: string
    readonly destination: string
    readonly transform: Transformation
  }[]
  readonly preserve: readonly string[]
}

const SAME: Transformation = (value) => value

/** Compiles the rules of an APIConversion for a schema, or tells what is wrong with them (contract 4.8). */
export function compileConversions(
  { spec }: ApiConversion,
  schema: ApiResourceSchema,
): { compiled: Compiled[]; errors: FieldError[] } {
  const schemas = new Map(schema.spec.versions.map(({ name, schema: given }) => [name, given]))
  const errors: FieldError[] = []
  const compiled = spec.conversions.map((conversion, at) => {
    const path = `spec.conversions[${at}]`
    const ends = [schemas.get(conversion.from), schemas.get(conversion.to)] as const
    const detail = 'is no version of the APIResourceSchema'
    if (ends[0] === undefined) errors.push(invalid(`${path}.from`, conversion.from, detail))
    if (ends[1] === undefined) errors.push(invalid(`${path}.to`, conversion.to, detail))
    return compileOne(conversion, ends[0], ends[1], path, errors)
  })
  return { compiled, errors }
}

function compileOne(
  { from, to, rules, preserve = [] }: VersionConversion,
  source: OpenApiSchema | undefined,
  target: OpenApiSchema | undefined,
  path: string,
  errors: FieldError[],
): Compiled {
  const check = (schema: OpenApiSchema | undefined, jsonPath: string, at: string) => {
    const mistake = schema && checkFieldPath(schema, jsonPath).mistake
    if (mistake !== undefined) errors.push(invalid(at, jsonPath, mistake))
  }
  const compiled = rules.map(({ field, destination, transformation }, index) => {
    const at = `${path}.rules[${index}]`
    check(source, field, `${at}.field`)
    check(target, destination, `${at}.destination`)
    if ((transformation ?? '') === '' || source === undefined) return { field, destination, transform: SAME }
    const transform = compileTransformation(source, field, transformation!)
    if (typeof transform === 'function') return { field, destination, transform }
    errors.push(invalid(`${at}.transformation`, transformation, transform.mistake))
    return { field, destination, transform: SAME }
  })
  for (const [index, each] of preserve.entries()) check(source, each, `${path}.preserve[${index}]`)
  return { from, to, rules: compiled, preserve }
}
