import { expect, test } from 'vitest'
import { inOneVersion } from './watched-kinds.ts'

const of = (kind: string, version: string, group = 'test.platform-mesh.io') => ({ kind, version, group })

test('of several versions of one kind the first counts', () => {
  const [first, second, third] = [of('Thing', 'v2'), of('Thing', 'v1'), of('Thing', 'v3')]
  const [gadget, foreign] = [of('Gadget', 'v1'), of('Thing', 'v1', 'example.org')]
  expect(inOneVersion([first, gadget, second, foreign, third])).toEqual({
    kinds: [first, gadget, foreign],
    others: [second, third],
  })
})
