import { beforeEach, describe, expect, test } from 'vitest'
import type { Resource } from '../../../kube/resource.ts'
import { openStore, type Store } from '../../../store/mod.ts'
import type { Bound, BoundTypes } from '../../apis/mod.ts'
import { API_BINDINGS } from '../../apis/system-types/mod.ts'
import type { ApiExport } from '../../apis/types.ts'
import { Acceptances } from './acceptances.ts'

const KEY = { resource: API_BINDINGS, cluster: 'here', namespace: '', name: 'widgets' }
const claim = (verbs: string[]) => ({ resource: 'configmaps', verbs })
const exporting = (...verbs: string[]): ApiExport => ({
  ...{ apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIExport', metadata: { name: 'widgets' } },
  spec: { permissionClaims: [claim(verbs)] },
})
const accepting = (state: string, ...verbs: string[]) => ({
  spec: { permissionClaims: [{ ...claim(verbs), state }] },
})

/** Each test asks before and after a change, so that what can be remembered of the first answer is. */
describe('what a consumer gives', () => {
  let store: Store
  let bindings: Bound[]
  let acceptances: Acceptances
  let apiExport: ApiExport

  beforeEach(async () => {
    store = await openStore({})
    bindings = [{ binding: 'widgets', exportCluster: 'provider', exportName: 'widgets', resources: [] }]
    acceptances = new Acceptances(store, { in: () => bindings } as unknown as BoundTypes)
    apiExport = exporting('get', 'list')
    store.create(KEY, encoded(accepting('Accepted', 'get', 'list')))
    expect([find(), find()]).toEqual([
      ['get', 'list'],
      ['get', 'list'],
    ])
  })

  const encoded = (binding: object) => () => Buffer.from(JSON.stringify(binding))
  const write = (binding: object) => store.update(KEY, store.get(KEY)!.revision, encoded(binding))
  const find = () => acceptances.find('here', 'provider', apiExport)?.claims.flatMap(({ verbs }) => verbs)

  test('is less as soon as a claim is rejected or accepted for less', () => {
    write(accepting('Accepted', 'get'))
    expect(find()).toEqual(['get'])
    write(accepting('Rejected', 'get'))
    expect(find()).toEqual([])
  })

  test('is no more than the export claims now', () => {
    apiExport = exporting('list')
    expect(find()).toEqual(['list'])
  })

  test('are the types that are bound now', () => {
    const widgets = { resource: 'widgets' } as Resource
    bindings = bindings.map((bound) => ({ ...bound, resources: [widgets] }))
    expect(acceptances.find('here', 'provider', apiExport)?.types).toEqual([widgets])
  })

  test('is nothing once the binding is gone, or binds another export', () => {
    bindings = bindings.map((bound) => ({ ...bound, exportName: 'others' }))
    expect(find()).toBeUndefined()
    bindings = bindings.map((bound) => ({ ...bound, exportName: 'widgets' }))
    expect(find()).toEqual(['get', 'list'])
    store.delete(KEY, store.get(KEY)!.revision, encoded({}))
    expect(find()).toBeUndefined()
  })
})
