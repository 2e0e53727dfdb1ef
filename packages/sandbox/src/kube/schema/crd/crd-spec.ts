import { deepEqual } from '../../json.ts'
import type { JsonObject } from '../../objects.ts'
import type { OpenApiSchema } from '../types.ts'

export type CrdVersion = {
  name?: string
  served?: boolean
  storage?: boolean
  deprecated?: boolean
  deprecationWarning?: string
} & Shared

/** What stands in every version, and at the top of kube-apiserver's internal form where all versions agree. */
export type Shared = {
  schema?: { openAPIV3Schema?: OpenApiSchema }
  subresources?: { status?: JsonObject; scale?: Scale }
  additionalPrinterColumns?: Column[]
  selectableFields?: { jsonPath?: string }[]
}

export type Scale = { specReplicasPath?: string; statusReplicasPath?: string; labelSelectorPath?: string }
export type Column = { name?: string; type?: string; format?: string; jsonPath?: string }
export type Names = {
  plural?: string
  singular?: string
  kind?: string
  listKind?: string
  shortNames?: string[]
  categories?: string[]
}

export type CrdSpec = {
  group?: string
  scope?: string
  names?: Names
  versions?: CrdVersion[]
  preserveUnknownFields?: boolean
  conversion?: {
    strategy?: string
    webhook?: { clientConfig?: WebhookClientConfig; conversionReviewVersions?: string[] }
  }
}

export type WebhookClientConfig = {
  url?: string
  caBundle?: string
  service?: { name?: string; namespace?: string; path?: string; port?: number }
}

/** The internal form: what all versions share has moved to the top, so that messages name it there. */
export type InternalSpec = { top: Shared; versions: readonly CrdVersion[] }

const SHARED = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const

export function internalSpec({ versions = [] }: CrdSpec): InternalSpec {
  const first = versions[0]
  const same = SHARED.filter(
    (key) => first !== undefined && versions.every((version) => deepEqual(version[key] ?? null, first[key] ?? null)),
  )
  const top = Object.fromEntries(
    same.filter((key) => first?.[key] !== undefined).map((key) => [key, first?.[key]]),
  ) as Shared
  return {
    top,
    versions: versions.map((version) => {
      const own = { ...version }
      for (const key of same) delete own[key]
      return own
    }),
  }
}
