import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { custom, DEFINITIONS, define, definition } from './custom.ts'
import {
  type Answer,
  APPLY_TYPE,
  CONFIG_MAPS,
  configMap,
  cpuMs,
  expectStatus,
  nested,
  PATCH_TYPES,
  PROTOBUF_TYPE,
  ROOT,
  Target,
} from './support.ts'

let target: Target
let free: string
let count = 0

beforeAll(async () => {
  target = await Target.start()
  free = await define(target, 'frees', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true })
})
afterEach(() => target.expectUnharmed())
afterAll(() => target.close())

/** Taken or refused, but in a clear way and at little cost. */
async function settles(sent: Promise<Answer>): Promise<number> {
  const cpu = cpuMs()
  const answer = await sent
  expect(cpu()).toBeLessThan(5_000)
  if (answer.status > 299) expectStatus(answer, [400, 403, 413, 422])
  return answer.status
}

describe('Free-form objects', () => {
  test.each([100, 400, 505, 600, 50_000])('may be nested, but not without end: %d levels', async (depth) => {
    for (const deep of [nested(depth, '[', ']'), nested(depth, '{"a":', '}', '1')]) {
      const name = `o${count++}`
      const body = JSON.stringify(custom('frees', name, { a: 'DEEP' })).replace('"DEEP"', deep)
      const created = await settles(target.post(free, body))
      expect(created).toBe(depth <= 505 ? 201 : 400)
      await target.post(free, custom('frees', `${name}-p`, {}))
      const patch = `{"spec":{"b":${deep}}}`
      const merged = await settles(target.patch(`${free}/${name}-p`, PATCH_TYPES[1]!, patch))
      expect(merged).toBe(depth <= 505 ? 200 : 400)
      const applied = body.replaceAll(name, `${name}-a`)
      const path = `${free}/${name}-a?fieldManager=x`
      expect(await settles(target.patch(path, APPLY_TYPE['content-type'], applied))).toBe(depth <= 505 ? 201 : 400)
      if (depth > 505) continue
      for (const each of [name, `${name}-p`, `${name}-a`]) {
        expect((await target.call(`${free}/${each}`)).status).toBe(200)
        expect(await settles(target.call(`${free}/${each}`, { method: 'DELETE' }))).toBe(200)
      }
    }
  })

  test('cannot be nested ever deeper by patches', async () => {
    await target.post(free, custom('frees', 'grows', { a: {} }))
    const statuses = []
    for (let step = 0; step < 14; step++) {
      const patch = [{ op: 'copy', from: '/spec', path: `/spec${'/a'.repeat(2 ** step)}` }]
      statuses.push(await settles(target.patch(`${free}/grows`, PATCH_TYPES[0]!, patch)))
    }
    expect(statuses).toContain(200)
    const kept = await target.call(`${free}/grows`)
    expect(kept.status).toBe(200)
    expect(await settles(target.put(`${free}/grows`, kept.body))).toBe(200)
  })

  test('cannot grow beyond all bounds by patches', async () => {
    await target.post(free, custom('frees', 'swells', { a: 'x'.repeat(1_000) }))
    const copies = Array.from({ length: 9_000 }, (_, index) => ({
      op: 'copy',
      from: '/spec/a',
      path: `/spec/b${index}`,
    }))
    expect(await settles(target.patch(`${free}/swells`, PATCH_TYPES[0]!, copies))).toBe(422)
    const doubling = Array.from({ length: 60 }, (_, index) => ({ op: 'copy', from: '/spec', path: `/spec/c${index}` }))
    expect(await settles(target.patch(`${free}/swells`, PATCH_TYPES[0]!, doubling))).toBe(422)
  })
})

describe('A schema', () => {
  const deepSchema = (depth: number, open: string, close: string) => nested(depth, open, close, '{"type":"string"}')
  const levels = [50, 150, 5_000]

  test.each(levels)('of %d levels is taken or refused', async (depth) => {
    const shapes = [
      deepSchema(depth, '{"type":"object","properties":{"a":', '}}'),
      deepSchema(depth, '{"type":"array","items":', '}'),
      deepSchema(depth, '{"type":"object","additionalProperties":', '}'),
      deepSchema(depth, '{"type":"object","not":', '}'),
      deepSchema(depth, '{"type":"object","allOf":[', ']}'),
      deepSchema(depth, '{"type":"object","anyOf":[', ']}'),
    ]
    for (const shape of shapes) {
      const body = JSON.stringify(definition(`deeps${count++}s`, 'SCHEMA')).replace('"SCHEMA"', shape)
      await settles(target.post(DEFINITIONS, body))
    }
  })

  test('of very many properties is taken or refused', async () => {
    const properties = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [`p${index}`, { type: 'string' }]),
    )
    await settles(target.post(DEFINITIONS, definition('wides', { type: 'object', properties })))
  })

  test.each([
    ['open', '('],
    ['slow', '(a+)+$'],
    ['foreign to Go', '(?<=x)y'],
    ['unfinished', '\\'],
    ['deep', '('.repeat(50_000)],
    ['greedy', 'a{1000000000}'],
  ])('with a pattern that is %s is taken or refused', async (_, pattern) => {
    await settles(target.post(DEFINITIONS, definition(`patterns${count++}s`, { type: 'string', pattern })))
  })

  test.each([
    ['not an object', 1],
    ['of an unknown type', { type: 'banana' }],
    ['a reference to itself', { $ref: '#' }],
    ['with a list as type', { type: ['string', 'null'] }],
    ['with properties that are none', { type: 'object', properties: [] }],
    ['with an enum that is none', { type: 'string', enum: 'x' }],
    ['with bounds that are none', { type: 'integer', minimum: 'x' }],
    ['null', null],
  ])('is refused when it is %s', async (_, schema) => {
    const status = await settles(target.post(DEFINITIONS, definition(`odds${count++}s`, schema)))
    if (schema !== null) expect(status).toBeGreaterThan(299)
  })
})

describe('A CEL rule', () => {
  const rules = (rule: string) => ({
    type: 'object',
    properties: { a: { type: 'string' }, l: { type: 'array', items: { type: 'integer' } } },
    'x-kubernetes-validations': [{ rule }],
  })

  test.each([
    ['deep brackets', nested(5_000, '(', ')', 'true')],
    ['deep lists', `${nested(5_000, '[', ']')} == []`],
    ['many negations', `${'!'.repeat(10_000)}true`],
    ['a long chain', Array(20_000).fill('true').join(' && ')],
    ['a long sum', `${Array(20_000).fill('1').join('+')} == 1`],
    ['a long selection', `self${'.a'.repeat(10_000)} == 1`],
    ['deep conditions', `${'true ? '.repeat(5_000)}true${' : false'.repeat(5_000)}`],
    ['loops in loops', 'self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, self.l.all(e, a+b+c+d+e > 0)))))'],
    ['an open quote', "self.a == '"],
    ['a NUL', 'self.a == \u0000'],
    ['nothing', ''],
    ['prototype names', 'self.__proto__.constructor.toString() == self.hasOwnProperty'],
    ['a prototype name as a function', 'toString() == constructor(self)'],
    ['a large number', '99999999999999999999999 > 1'],
    ['a slow pattern', "self.a.matches('(a+)+$')"],
    ['a pattern that is none', "self.a.matches('(')"],
  ])('with %s is taken or refused', async (_, rule) => {
    await settles(target.post(DEFINITIONS, definition(`rules${count++}s`, rules(rule))))
  })

  test('that is slow is stopped', async () => {
    const path = await define(target, 'slows', {
      type: 'object',
      properties: {
        a: { type: 'string', maxLength: 1_000 },
        l: { type: 'array', maxItems: 30, items: { type: 'integer' } },
      },
      'x-kubernetes-validations': [
        { rule: "!self.a.matches('^(a+)+$')" },
        { rule: 'self.l.all(x, self.l.all(y, self.l.all(z, x + y + z >= 0)))' },
      ],
    })
    const spec = { a: `${'a'.repeat(900)}!`, l: Array(30).fill(1) }
    await settles(target.post(path, custom('slows', 'slow', spec)))
  })
})

describe('A label selector', () => {
  test.each([
    ['open brackets', 'a in ('.repeat(2_000)],
    ['many brackets', `a in ${'('.repeat(50_000)}`],
    ['many commas', ','.repeat(50_000)],
    ['many negations', '!'.repeat(50_000)],
    ['many words', 'a '.repeat(30_000)],
    ['prototype names', '__proto__,constructor,!toString,hasOwnProperty in (valueOf)'],
    ['a control character', 'a=\u0001'],
    ['a NUL', 'a=b\u0000,c'],
    ['a broken escape', 'a=\\'],
  ])('with %s is read or refused', async (_, selector) => {
    for (const field of ['labelSelector', 'fieldSelector']) {
      await settles(target.call(`${CONFIG_MAPS}?${field}=${encodeURIComponent(selector)}`))
    }
  })

  test('of thousands of requirements is read', async () => {
    const terms = Array.from({ length: 3_000 }, (_, index) => `a${index}!=b`).join(',')
    const answer = await target.call(`${CONFIG_MAPS}?labelSelector=${encodeURIComponent(terms)}`)
    expect(answer.status).toBe(200)
  })
})

describe('A protobuf body', () => {
  const name = field(1, 'pb')
  const wrapped = (raw: Buffer, kind = 'ConfigMap') =>
    Buffer.concat([Buffer.from('k8s\0'), field(1, Buffer.concat([field(1, 'v1'), field(2, kind)])), field(2, raw)])
  const post = (body: Buffer) => target.post(CONFIG_MAPS, body, PROTOBUF_TYPE)

  test('is taken when it is one', async () => {
    expect((await post(wrapped(field(1, name)))).status).toBe(201)
  })

  test.each<[string, Buffer]>([
    ['empty', Buffer.alloc(0)],
    ['only a prefix', Buffer.from('k8s\0')],
    ['of another prefix', Buffer.from('k9s\0abc')],
    ['JSON', Buffer.from(JSON.stringify(configMap('x')))],
    ['cut off', wrapped(field(1, name)).subarray(0, -3)],
    ['with a length beyond its end', wrapped(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f, 1]))],
    ['with a number without end', wrapped(Buffer.alloc(20, 0xff))],
    ['with a group that never ends', wrapped(Buffer.alloc(1_000, 0x0b))],
    ['with a hundred thousand groups', wrapped(Buffer.alloc(100_000, 0x0b))],
    ['with a group that never began', wrapped(Buffer.from([0x0c]))],
    ['with field number 0', wrapped(Buffer.from([0x02, 1, 1]))],
    ['with an unknown wire type', wrapped(Buffer.from([0x0f, 1]))],
    ['of an unknown kind', wrapped(field(1, name), 'Banana')],
    ['of a prototype kind', wrapped(field(1, name), 'constructor')],
    ['of kind __proto__', wrapped(field(1, name), '__proto__')],
    ['of another kind', wrapped(field(1, name), 'Secret')],
  ])('is refused when it is %s', async (_, body) => {
    expectStatus(await post(body), 400)
  })

  test('keeps prototype names as keys of its maps', async () => {
    const entry = (key: string) => field(2, Buffer.concat([field(1, key), field(2, 'v')]))
    const entries = ['constructor', 'toString', '__proto__', 'hasOwnProperty'].map(entry)
    const answer = await post(wrapped(Buffer.concat([field(1, field(1, 'pb-names')), ...entries])))
    expect(answer.status, answer.body.toString()).toBe(201)
    expect(Object.keys(JSON.parse(answer.body.toString()).data)).toEqual(
      expect.arrayContaining(['constructor', 'toString', '__proto__', 'hasOwnProperty']),
    )
  })

  test.each([100, 250, 100_000])(
    'nested %d times in a kind that refers to itself is taken or refused',
    async (depth) => {
      // JSONSchemaProps.properties: a map from names to JSONSchemaProps.
      const layers: Buffer[] = []
      let size = 0
      for (let level = 0; level < depth && size < 2_000_000; level++) {
        const inner = Buffer.concat([tag(7, size)])
        layers.unshift(inner)
        size += inner.length
      }
      const props = Buffer.concat(layers)
      const version = Buffer.concat([field(1, 'v1'), field(4, field(1, props))])
      const raw = Buffer.concat([field(1, field(1, 'x')), field(2, field(7, version))])
      const body = Buffer.concat([
        Buffer.from('k8s\0'),
        field(1, Buffer.concat([field(1, 'apiextensions.k8s.io/v1'), field(2, 'CustomResourceDefinition')])),
        field(2, raw),
      ])
      await settles(target.post(`${ROOT}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`, body, PROTOBUF_TYPE))
    },
  )
})

/** A field that holds bytes. */
function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([tag(number, bytes.length), bytes])
}

function tag(number: number, length: number): Buffer {
  const bytes = [(number << 3) | 2]
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) | 128)
  }
}
