import { goQuote } from '../go-text.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy } from '../resource.ts'
import { type OpenApiSchema, unrecognizedFormats, validateCrd } from '../schema/mod.ts'

type Definition = KubeObject & {
  spec?: {
    names?: { kind?: string; plural?: string; singular?: string; listKind?: string }
    versions?: { name: string; storage?: boolean; schema?: { openAPIV3Schema?: OpenApiSchema } }[]
    conversion?: { strategy?: string; webhook?: { clientConfig?: { service?: { port?: number } } } }
  }
  status?: { storedVersions?: string[] | null; [field: string]: unknown }
}

const HTTPS_PORT = 443

export const customResourceDefinitions: Strategy = {
  hasGeneration: true,
  // `validateCrd` looks at the name: it has to fit the spec.
  validateName: () => [],
  allowUnconditionalUpdate: false,
  applyDefaults,
  prepareForCreate(next: Definition) {
    applyDefaults(next)
    next.status = { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: null }
    rememberStorageVersion(next)
  },
  prepareForUpdate(next: Definition, old: Definition, { subresource }) {
    if (subresource === 'status') {
      next.spec = { ...old.spec }
      return
    }
    applyDefaults(next)
    next.status = { ...old.status }
    rememberStorageVersion(next)
  },
  warnings: (next, old) => {
    const known = formatsOf(old)
    return [...formatsOf(next)].filter((format) => !known.has(format)).map(formatWarning)
  },
  validate: (next, old, { subresource }) =>
    subresource === 'status' ? [] : validateCrd(readable(next), old === undefined ? undefined : readable(old)),
}

const formatWarning = (format: string) => `unrecognized format ${goQuote(format)}`

/** In all versions together: of what was there already nobody is warned again. */
function formatsOf(definition: Definition | undefined): Set<string> {
  const versions = definition?.spec?.versions ?? []
  return new Set(versions.flatMap(({ schema }) => [...unrecognizedFormats(schema?.openAPIV3Schema ?? {})]).sort())
}

/** Lists that are nil in Go are null in JSON; inside of schemas null means something. */
function readable(definition: Definition): KubeObject {
  const withoutNulls = (fields: object | undefined) =>
    Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== null))
  const { spec, status } = definition
  return { ...definition, spec: withoutNulls(spec), status: withoutNulls(status) }
}

function applyDefaults({ spec }: Definition): void {
  if (spec === undefined) return
  spec.names ??= {}
  const { names } = spec
  const kind = names.kind ?? ''
  names.singular ||= kind.toLowerCase()
  if (kind !== '') names.listKind ||= `${kind}List`
  spec.conversion ??= { strategy: 'None' }
  const service = spec.conversion.webhook?.clientConfig?.service
  if (service !== undefined) service.port ??= HTTPS_PORT
}

/** Objects may be stored in every version that was ever the storage version. */
function rememberStorageVersion({ spec, status }: Definition): void {
  const stored = spec?.versions?.find(({ storage }) => storage === true)?.name
  const known = status?.storedVersions ?? []
  if (stored !== undefined && status !== undefined && !known.includes(stored))
    status.storedVersions = [...known, stored]
}
