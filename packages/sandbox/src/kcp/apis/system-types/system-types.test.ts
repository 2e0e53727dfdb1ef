import { describe, expect, test } from 'vitest'
import { validateSchemaProps } from '../../../kube/schema/mod.ts'
import { apisTypes } from '../system-types/mod.ts'

const versions = apisTypes.flatMap(({ resource, versions }) =>
  [...versions.values()].map((version) => ({ name: `${resource} ${version.name}`, version })),
)

describe('the schema of $name', () => {
  test.each(versions)('$name is one that a CustomResourceDefinition could have', ({ version }) => {
    expect(validateSchemaProps(version.schema.openapi, 'schema', { status: version.status })).toEqual([])
  })

  test.each(versions)('$name explains every field', ({ version }) => {
    const silent: string[] = []
    const walk = (schema: typeof version.schema.openapi, path: string) => {
      const isMetadata = path === '.metadata'
      if (schema.description === undefined && !isMetadata) silent.push(path)
      for (const [key, child] of Object.entries(schema.properties ?? {})) walk(child, `${path}.${key}`)
      if (schema.items?.properties !== undefined) walk(schema.items, `${path}[]`)
    }
    walk(version.schema.openapi, '')
    expect(silent).toEqual([])
  })
})
