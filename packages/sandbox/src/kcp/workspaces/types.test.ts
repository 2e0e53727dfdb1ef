import { describe, expect, test } from 'vitest'
import type { ClusterDirectory, ReplicatedCache, ReplicatedObject } from '../services.ts'
import { placementComplaint } from './limits.ts'
import {
  defaultBindingsOf,
  initializersOf,
  RefusedWorkspace,
  terminatorsOf,
  type WorkspaceType,
  WorkspaceTypes,
} from './types.ts'

type Types = Record<string, WorkspaceType['spec']>

/** Types by `<path>:<name>`; every path is the name of its own logical cluster. */
function typesOf(types: Types): WorkspaceTypes {
  const get = (_: string, cluster: string, name: string): ReplicatedObject | undefined => {
    const spec = types[`${cluster}:${name}`]
    const metadata = { name, annotations: { 'kcp.io/path': cluster } }
    return spec && { shard: 'one', cluster, name, object: { apiVersion: '', kind: '', metadata, spec } }
  }
  const cache: Pick<ReplicatedCache, 'get'> = { get }
  const directory: Pick<ClusterDirectory, 'resolve'> = { resolve: (path) => ({ cluster: path, shard: 'one' }) }
  return new WorkspaceTypes(cache as ReplicatedCache, directory as ClusterDirectory)
}

const extend = (...names: string[]) => ({ extend: { with: names.map((name) => ({ path: 'root', name })) } })
const extendedNames = (types: WorkspaceTypes, name: string) =>
  types.extended(types.resolve('root', { path: 'root', name })).map((type) => type.name)

describe('workspace types', () => {
  test('without a path are searched where they are used, above, and in root', () => {
    const types = typesOf({ 'root:a': {}, 'root:org:b': {}, 'root:org:team:c': {} })
    expect(types.resolve('root:org:team', { name: 'c' }).path).toBe('root:org:team')
    expect(types.resolve('root:org:team', { name: 'b' }).path).toBe('root:org')
    expect(types.resolve('somewhere:else', { name: 'a' }).path).toBe('root')
    expect(() => types.resolve('root', { name: 'c' })).toThrow('workspace type "c" cannot be resolved')
  })

  test('are all that they extend, each once', () => {
    const types = typesOf({ 'root:a': extend('b', 'c'), 'root:b': extend('d'), 'root:c': extend('d'), 'root:d': {} })
    expect(extendedNames(types, 'a')).toEqual(['b', 'd', 'c', 'a'])
  })

  test('do not extend themselves, nor what there is not', () => {
    const types = typesOf({ 'root:a': extend('b'), 'root:b': extend('a'), 'root:c': extend('missing') })
    expect(() => extendedNames(types, 'a')).toThrow(RefusedWorkspace)
    expect(() => extendedNames(types, 'a')).toThrow('root:a -> root:b -> root:a')
    expect(() => extendedNames(types, 'c')).toThrow('unable to find inherited workspace type root:missing')
  })

  test('ask for their own initializers and terminators, and for that of bindings', () => {
    const spec = { initializer: true, terminator: true, defaultAPIBindings: [{ export: 'x' }] }
    const types = typesOf({ 'root:a': { ...extend('b'), terminator: true }, 'root:b': spec })
    const extended = types.extended(types.resolve('root', { path: 'root', name: 'a' }))
    expect(initializersOf(extended)).toEqual(['root:b', 'system:apibindings'])
    expect(terminatorsOf(extended)).toEqual(['root:b', 'root:a'])
    expect(defaultBindingsOf(extended)).toEqual([{ path: 'root', export: 'x' }])
  })
})

describe('where a type may be', () => {
  const limit = (...names: string[]) => ({ types: names.map((name) => ({ path: 'root', name })) })
  const implemented = (types: Types, name: string) => {
    const known = typesOf(types)
    return { name: `root:${name}`, types: known.extended(known.resolve('root', { path: 'root', name })) }
  }
  const complaint = (types: Types) => placementComplaint(implemented(types, 'parent'), implemented(types, 'child'))

  test('is not limited by default', () => {
    expect(complaint({ 'root:parent': {}, 'root:child': {} })).toBeUndefined()
  })

  test('can be limited by the parent, as it is or as what it extends', () => {
    const child = { limitAllowedParents: limit('base') }
    expect(complaint({ 'root:parent': extend('base'), 'root:base': {}, 'root:child': child })).toBeUndefined()
    expect(complaint({ 'root:parent': {}, 'root:base': {}, 'root:child': child })).toBe(
      'workspace type root:child only allows [root:base] parent workspaces, but parent type root:parent only implements [root:parent]',
    )
  })

  test('can be limited by the child, also through what the parent extends', () => {
    const types = {
      'root:parent': extend('base'),
      'root:base': { limitAllowedChildren: limit('other') },
      'root:child': {},
    }
    expect(complaint(types)).toBe(
      'workspace type root:parent extends root:base, which only allows [root:other] child workspaces, but child type root:child only implements [root:child]',
    )
  })

  test('can be nowhere', () => {
    expect(complaint({ 'root:parent': { limitAllowedChildren: { none: true } }, 'root:child': {} })).toBe(
      'workspace type root:parent cannot have any children',
    )
    expect(complaint({ 'root:parent': {}, 'root:child': { limitAllowedParents: { none: true } } })).toBe(
      'workspace type root:child cannot have any parents',
    )
  })
})
