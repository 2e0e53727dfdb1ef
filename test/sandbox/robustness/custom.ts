import { waitFor } from '@resource-broker/testbed'
import { json, ROOT, type Target } from './support.ts'

export const DEFINITIONS = `${ROOT}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`
export const GROUP = 'robust.example.io'

/** A definition whose objects have this schema; `spec` is the schema of `.spec`. */
export function definition(plural: string, spec: unknown, more: object = {}): object {
  const openAPIV3Schema = { type: 'object', properties: { spec } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { plural, singular: plural.slice(0, -1), kind: kindOf(plural), listKind: `${kindOf(plural)}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...more }],
    },
  }
}

/** Creates a definition and waits until its objects are served; answers their path. */
export async function define(target: Target, plural: string, spec: unknown, more: object = {}): Promise<string> {
  json(await target.post(DEFINITIONS, definition(plural, spec, more)))
  const path = `${ROOT}/apis/${GROUP}/v1/namespaces/default/${plural}`
  await waitFor(`${plural} are served`, async () => ((await target.call(path)).status === 200 ? true : undefined))
  return path
}

export function custom(plural: string, name: string, spec: unknown): object {
  return { apiVersion: `${GROUP}/v1`, kind: kindOf(plural), metadata: { name }, spec }
}

function kindOf(plural: string): string {
  return `${plural[0]?.toUpperCase()}${plural.slice(1, -1)}`
}
