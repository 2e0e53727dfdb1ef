import { expect, test } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

const text = '{"a":"ä€😀"}\n\n{"b":2}\r\n{"cut'

test.each([1, 2, 3, 5, 8, 1000])('lines are whole with chunks of %i bytes, and a cut one never comes', (size) => {
  const bytes = Buffer.from(text)
  const splitter = new LineSplitter()
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.push(bytes.subarray(at, at + size)))
  expect(lines).toEqual(['{"a":"ä€😀"}', '{"b":2}\r'])
})

test('a line of 32 MiB in small chunks costs time in proportion to its length', () => {
  const splitter = new LineSplitter()
  const chunk = Buffer.alloc(16 * 1024, 'x')
  for (let i = 0; i < 2048; i++) expect(splitter.push(chunk)).toHaveLength(0)
  expect(splitter.push(Buffer.from('\n'))[0]).toHaveLength(32 * 1024 * 1024)
})
