import { expect, test } from 'vitest'
import { compileCelFilter, filterInput } from './cel-filter.ts'
import { compileGlob } from './consumers.ts'
import { compilePattern } from './pattern.ts'

/** Of CPU: far above what the bounds allow on a slow machine, far below what an unbounded evaluation would take. */
const QUICK_MS = 500

function took(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

const items = (count: number) => Array.from({ length: count }, (_, i) => i)
const hostileObjects = [
  { spec: { l: items(200), s: 'x' } },
  { spec: { l: items(20_000), s: 'x' } },
  { spec: { l: ['a', 'b'], s: 'a'.repeat(1_000_000) } },
  { spec: { l: Array.from({ length: 50 }, () => 'a'.repeat(2000)), s: 'a'.repeat(2000) } },
]
const hostileExpressions = [
  'object.spec.l.all(a, object.spec.l.all(b, object.spec.l == object.spec.l))',
  'object.spec.l.all(a, object.spec.l.all(b, a == b || a != b))',
  'object.spec.l.map(a, [a, a]).map(a, [a, a]).map(a, [a, a]).map(a, [a, a]).map(a, [a, a]).map(a, [a, a]).map(a, [a, a]) == []',
  `[object.spec.s]${'.map(a, a + a)'.repeat(20)}.all(a, size(a) > 1)`,
  `[object.spec.s]${'.map(a, [a, a, a, a])'.repeat(20)}.all(a, a == a)`,
  `${'object.spec.s.contains(object.spec.s) && '.repeat(30)}true`,
  'object.spec.l.all(a, object.spec.s.matches("^(a|aa)+$"))',
  'object.spec.l.exists(a, object.spec.l.map(b, [b, b]) == object.spec.l)',
]

test.each(hostileExpressions)('CEL does not stall: %s', (source) => {
  const program = compileCelFilter(source)
  if ('mistake' in program) return expect(program.mistake).not.toBe('')
  for (const object of hostileObjects) {
    const input = filterInput(object)
    expect(took(() => program.evaluate(input))).toBeLessThan(QUICK_MS)
  }
})

test.each(['cel.bind(a, 1, a == 1)', '["a"].join("x") == ""', 'bytes("a") == b"a"', 'optional.none().hasValue()'])(
  'CEL has no function that could grow a value unseen: %s',
  (source) => {
    expect(compileCelFilter(source)).toHaveProperty('mistake')
  },
)

test('an ordinary expression over an ordinary object is within the budget', () => {
  const ports = Array.from({ length: 50 }, (_, i) => ({ name: `p${i}`, port: 1000 + i }))
  const object = {
    metadata: { name: 'x', labels: { team: 'db' } },
    spec: { ports, image: 'registry.example.org/app:1.2.3' },
  }
  const program = compileCelFilter(
    'object.spec.ports.all(p, p.port >= 1000 && p.port <= 2000) && object.metadata.labels.team in ["db", "web"]',
  )
  if ('mistake' in program) throw new Error(program.mistake)
  expect(program.evaluate(filterInput(object))).toEqual({ value: true })
})

test.each([
  '^(a+)+$',
  '(a|aa)+$',
  '(.*a){25}b',
  '(a?){100}a{100}b',
  '(a|b)*a(a|b){12}c',
  '(x+x+)+y',
  '[a-z]*[a-z]*[a-z]*[a-z]*1',
])('a pattern is linear in its text: %s', (source) => {
  const pattern = compilePattern(source)
  if ('mistake' in pattern) return expect(pattern.mistake).not.toBe('')
  const texts = [
    'a'.repeat(2048),
    `${'ab'.repeat(1000)}!`,
    Array.from({ length: 2048 }, (_, i) => 'ab'[(i * i * 7 + (i >> 3)) % 2]).join(''),
  ]
  for (const text of texts) expect(took(() => pattern.test(text))).toBeLessThan(QUICK_MS)
})

test('a glob of many stars does not stall', () => {
  const glob = compileGlob('*a'.repeat(100))
  expect(took(() => glob('a'.repeat(500)))).toBeLessThan(QUICK_MS)
  expect(glob(`${'a'.repeat(500)}b`)).toBe(false)
})
