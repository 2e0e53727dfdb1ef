import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deepClone } from '../../../../kube/json.ts'
import type { JsonObject, KubeObject } from '../../../../kube/objects.ts'
import { convertBinding } from './bindings.ts'
import { convertExport } from './exports.ts'

const OLD = 'apis.kcp.io/v1alpha1'
const NEW = 'apis.kcp.io/v1alpha2'

const name = fc.stringMatching(/^[a-z]{2,6}$/)
const group = fc.constantFrom('', 'example.io', 'apps')
const type = fc.record({ group, resource: name })
const verbs = fc.oneof(fc.constant(['*']), fc.uniqueArray(fc.constantFrom('get', 'list', 'create'), { minLength: 1 }))
const selector = fc.oneof(
  fc.constant<JsonObject>({ matchAll: true }),
  fc.dictionary(name, name, { minKeys: 1 }).map((matchLabels): JsonObject => ({ matchLabels })),
)
const selected = fc.oneof(
  fc.constant<JsonObject>({ all: true }),
  fc.array(fc.record({ name }), { minLength: 1 }).map((resourceSelector): JsonObject => ({ resourceSelector })),
)
const state = fc.constantFrom('Accepted', 'Rejected')
const metadata = fc.record({ name }, { noNullPrototype: true })
const plain = fc.record({ group, name }).map((each) => ({ ...each, schema: schemaName(each), storage: { crd: {} } }))
const virtual = fc.record({ group, name }).map((each) => ({
  ...{ ...each, schema: schemaName(each) },
  storage: { virtual: { reference: { kind: 'Slice', name: 'x' } } },
}))

function schemaName(each: { group: string; name: string }): string {
  return `v1.${each.name}.${each.group === '' ? 'core' : each.group}`
}

const claimsOf = (more: fc.Arbitrary<object>) =>
  fc.uniqueArray(
    fc.tuple(type, more).map(([each, rest]): JsonObject => ({ ...each, ...rest })),
    {
      selector: (each) => `${each['group']}/${each['resource']}`,
      maxLength: 4,
    },
  )
const newClaims = claimsOf(fc.record({ verbs, defaultSelector: selector }, { requiredKeys: ['verbs'] }))
const newExport = fc
  .record({ metadata, plains: fc.array(plain), virtuals: fc.array(virtual), permissionClaims: newClaims })
  .map(
    ({ metadata, plains, virtuals, permissionClaims }): KubeObject => ({
      ...{ apiVersion: NEW, kind: 'APIExport', metadata },
      spec: { ...listed('resources', [...plains, ...virtuals]), ...listed('permissionClaims', permissionClaims) },
    }),
  )
const oldExport = fc.record({ metadata, plains: fc.array(plain), permissionClaims: claimsOf(selected) }).map(
  ({ metadata, plains, permissionClaims }): KubeObject => ({
    ...{ apiVersion: OLD, kind: 'APIExport', metadata },
    spec: {
      ...listed(
        'latestResourceSchemas',
        plains.map(({ schema }) => schema),
      ),
      ...listed('permissionClaims', permissionClaims),
    },
  }),
)
const newBinding = fc
  .record({
    metadata,
    claims: claimsOf(fc.record({ verbs, selector, state })),
    applied: claimsOf(fc.record({ verbs, selector })),
    exported: newClaims,
  })
  .map(
    ({ metadata, claims, applied, exported }): KubeObject => ({
      ...{ apiVersion: NEW, kind: 'APIBinding', metadata },
      spec: { reference: { export: { name: 'x' } }, ...listed('permissionClaims', claims) },
      status: { ...listed('appliedPermissionClaims', applied), ...listed('exportPermissionClaims', exported) },
    }),
  )
const oldBinding = fc
  .record({ metadata, claims: claimsOf(fc.tuple(selected, state).map(([each, it]) => ({ ...each, state: it }))) })
  .map(
    ({ metadata, claims }): KubeObject => ({
      ...{ apiVersion: OLD, kind: 'APIBinding', metadata },
      spec: { reference: { export: { name: 'x' } }, ...listed('permissionClaims', claims) },
    }),
  )

/** A list that is left out when it is empty, as written objects have it. */
function listed(field: string, items: readonly unknown[]): JsonObject {
  return items.length === 0 ? {} : { [field]: items as JsonObject[] }
}

/** What v1alpha1 said before is still written down, but says nothing more. */
function withoutOriginals(object: KubeObject): KubeObject {
  const { annotations, ...metadata } = object.metadata
  const { 'apis.v1alpha2.kcp.io/v1alpha1-permission-claims': _, ...others } = annotations ?? {}
  return { ...object, metadata: { ...metadata, ...(Object.keys(others).length > 0 && { annotations: others }) } }
}

describe.each([
  { kind: 'APIExport', convert: convertExport, fromNew: newExport, fromOld: oldExport },
  { kind: 'APIBinding', convert: convertBinding, fromNew: newBinding, fromOld: oldBinding },
])('an $kind', ({ convert, fromNew, fromOld }) => {
  test('of v1alpha2 is the same after v1alpha1', () => {
    fc.assert(
      fc.property(fromNew, (object) => {
        const before = deepClone(object)
        const back = convert(convert(object, OLD), NEW)
        expect(withoutOriginals(back)).toEqual(before)
        expect(object).toEqual(before)
      }),
    )
  })

  test('of v1alpha1 is the same after v1alpha2', () => {
    fc.assert(
      fc.property(fromOld, (object) => {
        expect(convert(convert(object, NEW), OLD)).toEqual(object)
      }),
    )
  })

  test('that is incomplete can be converted', () => {
    const nothing = { apiVersion: NEW, kind: 'X', metadata: {} }
    for (const spec of [
      undefined,
      null,
      1,
      {},
      { permissionClaims: 1, resources: {} },
      { permissionClaims: [null, {}] },
    ]) {
      const object = { ...nothing, ...(spec !== undefined && { spec }) } as KubeObject
      expect(convert(convert(object, OLD), NEW).apiVersion).toBe(NEW)
    }
  })
})
