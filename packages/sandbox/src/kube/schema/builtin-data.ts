import { readFileSync } from 'node:fs'
import { parseJson } from '@resource-broker/json'
import type { OpenApiSchema } from './types.ts'

type Schemas = Readonly<Record<string, OpenApiSchema>>
export type Gvk = { group: string; version: string; kind: string }

const DATA = new URL('../../../data/openapi/', import.meta.url)
const REF = '#/components/schemas/'
const loaded = new Map<string, Schemas>()

/** Component schemas of one built-in group-version by name, read when first asked for; empty for one that is not built in. */
export function schemasOf(group: string, version: string): Schemas {
  return load(group === '' ? version : `${group}_${version}`)
}

/** Schemas of k8s.io/apimachinery that every group-version refers to. */
export const metaSchemas = (): Schemas => load('meta')

/** Query and path parameters by the kind of operation, as kube-apiserver documents them. */
export function parameters(): Readonly<Record<string, readonly Record<string, unknown>[]>> {
  const { parameters: known } = read('parameters') as { parameters: Record<string, Record<string, unknown>[]> }
  return known
}

function load(name: string): Schemas {
  const known = loaded.get(name)
  if (known !== undefined) return known
  const { schemas } = read(name) as { schemas?: Schemas }
  loaded.set(name, schemas ?? {})
  return schemas ?? {}
}

function read(name: string): unknown {
  try {
    return parseJson(readFileSync(new URL(`${name}.json`, DATA), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** Name and schema of a built-in kind, or of a kind of meta.k8s.io. */
export function componentOf({ group, version, kind }: Gvk): { name: string; schema: OpenApiSchema } | undefined {
  for (const schemas of [schemasOf(group, version), metaSchemas()]) {
    for (const [name, schema] of Object.entries(schemas)) {
      const gvks = (schema['x-kubernetes-group-version-kind'] ?? []) as Gvk[]
      if (gvks.some((gvk) => gvk.group === group && gvk.version === version && gvk.kind === kind))
        return { name, schema }
    }
  }
  return undefined
}

/** The name that a schema refers to, directly or by an `allOf` of one. */
export function refOf(schema: OpenApiSchema): string | undefined {
  const ref = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined)
  return ref?.startsWith(REF) ? ref.slice(REF.length) : undefined
}

/** Follows references between component schemas; one that leads nowhere allows everything. */
export function resolver(group: string, version: string): (schema: OpenApiSchema) => OpenApiSchema {
  const resolve = (schema: OpenApiSchema): OpenApiSchema => {
    const name = refOf(schema)
    if (name === undefined) return schema
    const target = schemasOf(group, version)[name] ?? metaSchemas()[name]
    return target === undefined ? { 'x-kubernetes-preserve-unknown-fields': true } : resolve(target)
  }
  return resolve
}
