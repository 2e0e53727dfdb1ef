import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Resource } from '../resource.ts'
import { countedNames } from './counted-names.ts'

type Vector = { name: string; type: Pick<Resource, 'group' | 'resource' | 'namespaced'>; counted: string[] }

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'counted-names.json'), 'utf8')) as Vector[]

test.each(vectors)('$name is counted by quotas as $counted', ({ type, counted }) => {
  expect(countedNames(type)).toEqual(counted)
})
