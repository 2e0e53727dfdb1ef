import { expect, test } from 'vitest'
import cases from '../vectors/compared.json' with { type: 'json' }
import { compareMessages, markOf } from './compare-messages.ts'

test.each(cases)('$name: $is', ({ message, last, is }) => {
  expect(compareMessages(message, last)).toBe(is)
})

const ofObjects = cases.filter(({ message, last }) => 'object' in message && last !== undefined)

test.each(ofObjects)('$name: their marks compare as they do', ({ message, last, is }) => {
  expect(compareMessages(markOf(message), markOf(last))).toBe(is)
})
