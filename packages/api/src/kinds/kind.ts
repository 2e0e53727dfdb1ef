import { stringifyJson } from '@resource-broker/json'
import { z } from 'zod'
import { type GVR, objectMetaSchema } from './meta.ts'
import { parseOnce } from './parse-once.ts'

/** A column that `kubectl get` prints. */
export type PrinterColumn = {
  name: string
  type: 'string' | 'integer' | 'date'
  jsonPath: string
  description?: string
  priority?: number
}

/** What is wrong with one field of a user's object: `path` from the object's root, such as `spec.filters[0].pattern`. */
export type Mistake = { path: string; message: string }

export type Parsed<T> = { ok: true; value: T } | { ok: false; mistakes: Mistake[] }

type Definition<Spec extends z.ZodType, Status extends z.ZodType> = {
  group: string
  version: string
  kind: string
  /** Plural, lower case. */
  plural: string
  shortNames: string[]
  description: string
  /** False: one write carries spec and status. */
  statusSubresource: boolean
  columns: PrinterColumn[]
  spec: Spec
  status: Status
}

/** One of the broker's own kinds: cluster-scoped, served in one version. */
export function defineKind<Spec extends z.ZodType, Status extends z.ZodType>(definition: Definition<Spec, Status>) {
  const { group, version, kind, plural } = definition
  const apiVersion = `${group}/${version}`
  const schema = z.object({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind),
    metadata: objectMetaSchema,
    spec: definition.spec,
    status: definition.status.exactOptional(),
  })
  return {
    ...definition,
    apiVersion,
    /** `{ group, version, resource }` of the collection. */
    resource: { group, version, resource: plural } satisfies GVR,
    /** zod schema of the whole object; unknown fields of spec and status are dropped, those of metadata stay. */
    schema,
    /** Reads an object that the broker wrote itself; the same object is read once. @throws {z.ZodError} */
    of: parseOnce(schema),
    /** Reads an object that may be anything; never throws. */
    parse: (input: unknown): Parsed<z.infer<typeof schema>> => parseWith(schema, input),
    /** The same; undefined where it cannot be read, for whoever has no say on what is wrong with it. */
    readable: (input: unknown): z.infer<typeof schema> | undefined => schema.safeParse(input).data,
  }
}

/** Parses `input`, naming every mistake with its path. */
function parseWith<T extends z.ZodType>(schema: T, input: unknown): Parsed<z.infer<T>> {
  const result = schema.safeParse(input)
  if (result.success) return { ok: true, value: result.data }
  return { ok: false, mistakes: result.error.issues.map(({ path, message }) => ({ path: dotted(path), message })) }
}

/** A field of an object, from its root or from a part of it. */
export type FieldPath = readonly (string | number)[]

/** `['spec', 'filters', 0, 'key']` as `spec.filters[0].key`; a name with anything but letters, digits, _ and - as `["a.b/c"]`. */
export function dotted(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => {
      if (typeof part === 'number') return `[${part}]`
      const name = String(part)
      return /^[\w-]+$/.test(name) ? `${i > 0 ? '.' : ''}${name}` : `[${stringifyJson(name)}]`
    })
    .join('')
}
