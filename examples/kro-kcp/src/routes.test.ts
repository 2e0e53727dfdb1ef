import { describe, expect, test } from 'vitest'
import { joinGroups, sideOf } from './routes.ts'

describe('a path goes', () => {
  test.each([
    ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions/somethings.example.platform-mesh.io', 'provider'],
    ['/apis/kro.run/v1alpha1/resourcegraphdefinitions', 'provider'],
    ['/apis/internal.kro.run/v1alpha1', 'provider'],
    ['/openapi/v3/apis/kro.run/v1alpha1', 'provider'],
    ['/apis', 'both'],
    ['/apis/example.platform-mesh.io/v1alpha1/somethings', 'export'],
    ['/apis/not-kro.run/v1/things', 'export'],
    ['/api/v1/namespaces/kro.run/configmaps', 'export'],
    ['/api/v1/namespaces/apis/configmaps/kro.run', 'export'],
    ['/openapi/v3', 'export'],
    ['/version', 'export'],
  ])('%s to: %s', (path, side) => {
    expect(sideOf(path)).toBe(side)
  })
})

test('of two lists of groups each gives what it answers for', () => {
  const list = (...names: string[]) => ({ kind: 'APIGroupList', groups: names.map((name) => ({ name })) })
  const joined = joinGroups(list('kro.run', 'apps', 'example.io'), list('example.io', 'apis.kcp.io', 'kro.run'))
  expect(joined).toEqual(list('kro.run', 'example.io', 'apis.kcp.io'))
})
