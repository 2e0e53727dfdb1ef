import { describe, expect, test } from 'vitest'
import {
  clusterUrl,
  findClusterUrl,
  isClusterName,
  isClusterPath,
  joinPath,
  pathSegments,
  splitClusterUrl,
  splitPath,
} from './cluster-names.ts'

describe('names and paths of logical clusters', () => {
  test.each(['root', 'a', 'a-b', '0a', 'root:a:b', 'system:admin', 'x'.repeat(63)])('%s is valid', (path) => {
    expect(isClusterPath(path)).toBe(true)
  })

  test.each(['', '*', 'A', 'a_b', '-a', 'a-', ':a', 'a:', 'a::b', 'a/b', '..', '__proto__', 'x'.repeat(64)])(
    '%j is not',
    (path) => {
      expect(isClusterPath(path)).toBe(false)
    },
  )

  test('what has no colon is a name, and all below system:', () => {
    expect(isClusterName('root')).toBe(true)
    expect(isClusterName('system:bound-crds')).toBe(true)
    expect(isClusterName('root:a')).toBe(false)
  })

  test('user:<name> in front is the home of that user', () => {
    expect(pathSegments('user:alice:a')).toEqual(['v1u4alow0iv9', 'a'])
    expect(pathSegments('user')).toEqual(['user'])
    expect(pathSegments('root:user:alice')).toEqual(['root', 'user', 'alice'])
    expect(pathSegments('system:admin')).toEqual(['system:admin'])
  })

  test('the logical cluster of a URL is found behind something else too', () => {
    const path = '/services/apiexport/root/e/clusters/*/api/v1'
    expect(findClusterUrl(path)).toEqual({ before: '/services/apiexport/root/e', cluster: '*', path: '/api/v1' })
    expect(findClusterUrl('/services/apiexport/root/e')).toBeUndefined()
    expect(clusterUrl('https://host', 'root:a')).toBe('https://host/clusters/root:a')
  })

  test('a URL is the logical cluster and the path inside', () => {
    expect(splitClusterUrl('/clusters/root:a/api/v1')).toEqual({ cluster: 'root:a', path: '/api/v1' })
    expect(splitClusterUrl('/clusters/root')).toEqual({ cluster: 'root', path: '/' })
    expect(splitClusterUrl('/clusters/')).toEqual({ cluster: '', path: '/' })
    expect(splitClusterUrl('/api')).toBeUndefined()
  })

  test('a path is its parent and its last name', () => {
    expect(splitPath('root:a:b')).toEqual({ parent: 'root:a', name: 'b' })
    expect(splitPath('root')).toEqual({ parent: '', name: 'root' })
    expect(joinPath('root:a', 'b')).toBe('root:a:b')
    expect(joinPath('', 'b')).toBe('b')
  })
})
