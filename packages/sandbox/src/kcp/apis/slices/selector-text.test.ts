import { expect, test } from 'vitest'
import { parseLabelSelector } from '../../../kube/selectors/mod.ts'
import { selectorText } from './selector-text.ts'

test('a selector as text is in the order of its keys and can be read again', () => {
  const text = selectorText({
    matchLabels: { region: 'eu' },
    matchExpressions: [
      { key: 'name', operator: 'NotIn', values: ['b', 'a'] },
      { key: 'zone', operator: 'In', values: ['1'] },
      { key: 'spare', operator: 'DoesNotExist' },
      { key: 'cloud', operator: 'Exists' },
    ],
  })
  expect(text).toBe('cloud,name notin (a,b),region=eu,!spare,zone in (1)')
  const selects = parseLabelSelector(text)
  expect(selects({ region: 'eu', zone: '1', cloud: 'x', name: 'c' })).toBe(true)
  expect(selects({ region: 'eu', zone: '1', cloud: 'x', name: 'a' })).toBe(false)
})

test('a selector that takes everything is empty', () => {
  expect(selectorText({})).toBe('')
})
