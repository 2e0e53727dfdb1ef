import type { KubeObject } from '../objects.ts'
import type { PrinterColumn, ScaleSubresource } from '../resource.ts'
import type { OpenApiSchema } from '../schema/types.ts'

export type CrdNames = {
  plural: string
  singular?: string
  kind: string
  listKind?: string
  shortNames?: string[]
  categories?: string[]
}

export type CrdVersion = {
  name: string
  served: boolean
  storage: boolean
  deprecated?: boolean
  deprecationWarning?: string
  schema?: { openAPIV3Schema?: OpenApiSchema }
  subresources?: {
    status?: object
    scale?: ScaleSubresource
  }
  additionalPrinterColumns?: PrinterColumn[]
  selectableFields?: { jsonPath: string }[]
}

export type CrdCondition = {
  type: string
  status: 'True' | 'False' | 'Unknown'
  lastTransitionTime?: string
  reason: string
  message: string
}

/** A CustomResourceDefinition of apiextensions.k8s.io/v1. */
export type Crd = KubeObject & {
  spec: { group: string; names: CrdNames; scope: 'Namespaced' | 'Cluster'; versions: CrdVersion[] }
  status?: { acceptedNames?: Partial<CrdNames>; conditions?: CrdCondition[]; storedVersions?: string[] }
}

/** `Resource.storage` of CustomResourceDefinitions. */
export const CRD_STORAGE = 'customresourcedefinitions'

export function conditionOf(crd: Crd, type: string): CrdCondition | undefined {
  return crd.status?.conditions?.find((condition) => condition.type === type)
}

export function isTrue(crd: Crd, type: string): boolean {
  return conditionOf(crd, type)?.status === 'True'
}

/** Sets a condition in place; its transition time stays as long as its status does. */
export function setCondition(crd: Crd, condition: Omit<CrdCondition, 'lastTransitionTime'>, now: string): void {
  const status = crd.status ?? {}
  crd.status = status
  const conditions = status.conditions ?? []
  status.conditions = conditions
  const old = conditions.find(({ type }) => type === condition.type)
  const since = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now
  const { type, status: value, reason, message } = condition
  const next: CrdCondition = { type, status: value, lastTransitionTime: since, reason, message }
  if (old === undefined) conditions.push(next)
  else Object.assign(old, next)
}
