import { expect, test } from 'vitest'
import vectors from '../vectors/subjects.json' with { type: 'json' }
import { acceptAPIKey, Layout, PARTITION_KEY, PARTS, type Part, QUALIFIED, token } from './layout.ts'

const KEY = '0123456789abcdef0123456789abcdef'

test.each(vectors)('the subject of $part of $key in $partitions partitions is $subject', (vector) => {
  const { prefix, partitions, part, key, qualifier, subject } = vector
  const layout = new Layout(prefix, partitions)
  expect(layout.subject(part as Part, key, qualifier)).toBe(subject)
  expect(layout.parse(subject)).toEqual({
    part,
    key,
    partition: layout.partitionOf(key),
    ...(qualifier === undefined ? {} : { qualifier }),
  })
})

const ODD = [
  '',
  '=',
  '==2e',
  'a.b',
  '*',
  '>',
  'a b',
  'bücher',
  '北京',
  '😀',
  'root:org:ws',
  '-',
  'a\tb',
  'x'.repeat(253),
]

test.each(ODD)('the name %j survives the way through a subject as one token', (name) => {
  const layout = new Layout('broker', 8)
  expect(token(name)).toMatch(/^[A-Za-z0-9_=-]+$/)
  expect(layout.parse(layout.subject('copy', KEY, name))).toMatchObject({ part: 'copy', key: KEY, qualifier: name })
})

test('different names never share a token', () => {
  expect(new Set(ODD.map(token)).size).toBe(ODD.length)
})

test.each(PARTS)('the filter of %s matches its subjects and no other part', (part) => {
  const layout = new Layout('broker', 8)
  const pattern = new RegExp(`^${layout.filter(part).replaceAll('.', '\\.').replaceAll('*', '[^.]+')}$`)
  const subjects = PARTS.map((each) => layout.subject(each, KEY, QUALIFIED.has(each) ? 'q' : undefined))
  expect(subjects.filter((subject) => pattern.test(subject))).toHaveLength(1)
  expect(layout.subject(part, KEY, QUALIFIED.has(part) ? 'q' : undefined)).toMatch(pattern)
})

test.each([
  ['another prefix', `other.0.${KEY}.source`],
  ['a part that does not exist', `broker.3.${KEY}.thing`],
  ['a qualifier where there is none', `broker.${0x01234567 % 8}.${KEY}.source.x`],
  ['no qualifier where one belongs', `broker.${0x01234567 % 8}.${KEY}.copy`],
  ['more tokens', `broker.${0x01234567 % 8}.${KEY}.copy.a.b`],
  ['a partition that is not the key’s, left from another number of partitions', `broker.0.${KEY}.source`],
  ['a partition that is no number', `broker.x.${KEY}.source`],
  ['a partition’s own subject beyond the last', `broker.8.${PARTITION_KEY}.offers`],
  ['a key that is no hash', 'broker.0.thing.source'],
])('a subject with %s is none of the layout', (_what, subject) => {
  expect(new Layout('broker', 8).parse(subject)).toBeUndefined()
})

test('the partition’s own subject and the call for an owner stay apart', () => {
  const layout = new Layout('broker', 8)
  expect(layout.parse(layout.partitionSubject('offers', 7))).toEqual({ part: 'offers', key: '-', partition: 7 })
  expect(layout.parse(layout.takeOverSubject('svc', 7))).toBeUndefined()
})

test.each(['', 'a.b', 'a b', '*', '>', 'ä'])('the prefix %j is refused', (prefix) => {
  expect(() => new Layout(prefix, 8)).toThrow(TypeError)
})

test.each([0, -1, 1.5, Number.NaN])('%d partitions are refused', (partitions) => {
  expect(() => new Layout('broker', partitions)).toThrow(TypeError)
})

test('a key that is no hash is refused instead of going to no partition', () => {
  expect(() => new Layout('broker', 8).subject('source', 'not-a-hash')).toThrow(TypeError)
})

test('keys of AcceptAPIs spread over the partitions', () => {
  const layout = new Layout('broker', 8)
  const hits = new Array<number>(8).fill(0)
  for (let n = 0; n < 4000; n++) hits[layout.partitionOf(acceptAPIKey('provider', `api-${n}`))]! += 1
  for (const hit of hits) expect(hit).toBeGreaterThan(400)
})
