import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  APPLY_TYPE,
  CONFIG_MAPS,
  configMap,
  cpuMs,
  expectStatus,
  JSON_TYPE,
  nested,
  PATCH_TYPES,
  PROTOBUF_TYPE,
  ROOT,
  Target,
  YAML_TYPE,
} from './support.ts'

const MIB = 1024 * 1024
const LIMIT = 3 * MIB

let target: Target

beforeAll(async () => {
  target = await Target.start()
  await target.post(CONFIG_MAPS, configMap('there', { data: { a: 'b' } }))
})
afterEach(() => target.expectUnharmed())
afterAll(() => target.close())

const head = '"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"}'

describe('A body that is no JSON', () => {
  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['white space', ' \n\t '],
    ['a word', 'hello'],
    ['half an object', `{${head}`],
    ['a trailing comma', `{${head},}`],
    ['two documents', `{${head}}{${head}}`],
    ['single quotes', "{'apiVersion':'v1'}"],
    ['a number that is none', `{${head},"data":{"a":0x10}}`],
    ['NaN', `{${head},"data":{"a":NaN}}`],
    ['a bare control character', `{${head},"data":{"a":"\u0001"}}`],
    ['an escape that is none', `{${head},"data":{"a":"\\q"}}`],
    ['a byte order mark', `\ufeff{${head}}`],
    ['UTF-16', Buffer.from(`{${head}}`, 'utf16le')],
    ['bytes', Buffer.from([0, 255, 254, 1, 2, 3])],
    ['many opening brackets', '['.repeat(100_000)],
    ['many closing brackets', ']'.repeat(100_000)],
    ['quotes without end', `{"${'\\"'.repeat(100_000)}`],
  ])('is refused in every verb: %s', async (_, body) => {
    expectStatus(await target.post(CONFIG_MAPS, body), 400)
    expectStatus(await target.put(`${CONFIG_MAPS}/there`, body), 400)
    for (const type of PATCH_TYPES) expectStatus(await target.patch(`${CONFIG_MAPS}/there`, type, body), 400)
  })

  test.each(['null', '1', '"text"', '[]', '[{}]', '{}', 'true', '{"metadata":1}', '{"metadata":[]}', '{"kind":{}}'])(
    'is refused where it is JSON of another form: %s',
    async (body) => {
      expectStatus(await target.post(CONFIG_MAPS, body), [400, 422])
      expectStatus(await target.put(`${CONFIG_MAPS}/there`, body), [400, 422])
      for (const type of PATCH_TYPES) {
        const answer = await target.patch(`${CONFIG_MAPS}/there`, type, body)
        if (answer.status !== 200) expectStatus(answer, [400, 422])
      }
    },
  )

  test.each([
    ['a lone surrogate in a value', `{${head.replace('"m"', '"lone"')},"data":{"a":"\\ud800"}}`],
    ['bytes that are no UTF-8', Buffer.from(`{${head.replace('"m"', '"latin"')},"data":{"a":"\xff"}}`, 'latin1')],
  ])('is stored as text where only its characters are broken: %s', async (_, body) => {
    const answer = await target.post(CONFIG_MAPS, body)
    expect(answer.status).toBe(201)
    expect(JSON.parse(answer.body.toString()).data.a.toWellFormed()).toBe('\ufffd')
  })
})

describe('A body in YAML', () => {
  test.each([
    ['a tab', 'a:\n\tb: c'],
    ['an open bracket', 'a: [b'],
    ['an open quote', 'a: "b'],
    ['an alias to nothing', 'a: *nowhere'],
    ['two documents', 'a: b\n---\nc: d'],
    ['a bad indent', 'a: b\n  c: d'],
    ['an alias to itself', 'a: &a [*a]'],
    ['a merge of a scalar', 'a: b\n<<: 1'],
    ['a directive that is none', '%FOO\n---\na: b'],
    ['a tag that is none', 'a: !!js/function "x"'],
    ['control characters', 'a: \u0001'],
    ['an empty document', '---\n...'],
  ])('is refused when it has %s', async (_, body) => {
    expectStatus(await target.post(CONFIG_MAPS, body, YAML_TYPE), [400, 422])
    expectStatus(
      await target.patch(`${CONFIG_MAPS}/there?fieldManager=x`, APPLY_TYPE['content-type'], body),
      [400, 422],
    )
  })

  test.each([
    ['a billion laughs', laughs(9)],
    ['aliases in aliases of keys', laughs(9).replace('data:', '? *a8\n: x\ndata:')],
    ['ten thousand aliases', `a: &a x\nb: [${'*a,'.repeat(10_000)}]`],
    ['a merge of merges', merges(24)],
    ['deep brackets', `a: ${nested(5_000, '[', ']')}`],
    ['deep maps', `a: ${nested(5_000, '{a: ', '}')}`],
    ['deep sequences', `a:\n  ${'- '.repeat(5_000)}x`],
    ['deep indentation', Array.from({ length: 1_500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['deep keys', `${'? '.repeat(5_000)}x`],
    ['many anchors', Array.from({ length: 20_000 }, (_, index) => `a${index}: &a${index} x`).join('\n')],
    ['a long line of quotes', `a: ${'"'.repeat(200_000)}`],
  ])('costs little when it is %s', async (_, body) => {
    const cpu = cpuMs()
    const created = await target.post(
      CONFIG_MAPS,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\n${body}`,
      YAML_TYPE,
    )
    const patched = await target.patch(`${CONFIG_MAPS}/there?fieldManager=x`, APPLY_TYPE['content-type'], body)
    for (const answer of [created, patched]) if (answer.status > 299) expectStatus(answer, [400, 413, 422])
    expect(cpu()).toBeLessThan(3_000)
  })
})

describe('A body that is too large', () => {
  const filler = (size: number) => JSON.stringify(configMap('large', { data: { a: 'x'.repeat(size) } }))

  test.each([
    ['JSON', JSON_TYPE],
    ['YAML', YAML_TYPE],
    ['protobuf', PROTOBUF_TYPE],
    ['chunked', { ...JSON_TYPE, 'transfer-encoding': 'chunked' }],
  ])('is refused in %s', async (_, headers: Record<string, string>) => {
    expectStatus(await target.post(CONFIG_MAPS, filler(10_000_000), headers), 413, /limit is 3145728/)
  })

  test.each([...PATCH_TYPES, APPLY_TYPE['content-type']])('is refused as %s', async (type) => {
    expectStatus(await target.patch(`${CONFIG_MAPS}/there?fieldManager=x`, type, filler(10_000_000)), 413)
  })

  test('is refused for its object too, although it came below the limit', async () => {
    expectStatus(await target.post(CONFIG_MAPS, filler(LIMIT - 1_000)), [413, 422])
  })

  test('is no matter to a request that takes none', async () => {
    const answer = await target.call(`${ROOT}/api/v1/namespaces`, { headers: JSON_TYPE, body: filler(10_000_000) })
    expect(answer.status).toBe(200)
  })

  test('is refused as the options of a deletion', async () => {
    const path = `${CONFIG_MAPS}/there`
    expectStatus(await target.call(path, { method: 'DELETE', headers: JSON_TYPE, body: filler(10_000_000) }), 413)
    expect((await target.call(path)).status).toBe(200)
  })
})

describe('A body is taken as it was sent, as kube-apiserver inflates none: one', () => {
  const gzip = { ...JSON_TYPE, 'content-encoding': 'gzip' }

  test.each([
    ['gzip', gzipSync(`{${head}}`)],
    ['gzip in gzip', gzipSync(gzipSync(`{${head}}`))],
    ['cut off', gzipSync(`{${head}}`).subarray(0, -9)],
    ['empty', Buffer.alloc(0)],
    ['deep when inflated', gzipSync(nested(1_000_000, '[', ']'))],
    ['with a wrong checksum', flipped(gzipSync(`{${head}}`))],
  ])('that is %s is refused', async (_, body) => {
    expectStatus(await target.post(CONFIG_MAPS, body, gzip), 400)
  })

  test.each(['gzip', 'br'])('that is plain is taken although its header says %s', async (encoding) => {
    const answer = await target.post(CONFIG_MAPS, `{${head}}`, { ...JSON_TYPE, 'content-encoding': encoding })
    expect(answer.status).toBe(201)
    await target.call(`${CONFIG_MAPS}/${JSON.parse(String(answer.body)).metadata.name}`, { method: 'DELETE' })
  })
})

describe('A body of deep nesting', () => {
  const depths = [500, 513, 10_000, 200_000]

  test.each(depths)('in JSON is pruned or refused: %d levels', async (depth) => {
    for (const deep of [nested(depth, '[', ']'), nested(depth, '{"a":', '}', '1')]) {
      const body = `{${head.replace('"m"', `"m${depth}"`)},"data":{"a":${deep}}}`
      expectStatus(await target.post(CONFIG_MAPS, body), 400)
      for (const type of PATCH_TYPES.slice(1)) {
        const patch = `{"data":{"a":${deep}}}`
        expectStatus(await target.patch(`${CONFIG_MAPS}/there`, type, patch), [400, 422])
      }
      const patch = `[{"op":"add","path":"/data/a","value":${deep}}]`
      expectStatus(await target.patch(`${CONFIG_MAPS}/there`, PATCH_TYPES[0]!, patch), [400, 422])
    }
  })

  test.each(depths)('of an unknown field is dropped or refused: %d levels', async (depth) => {
    const body = `{${head.replace('"m"', `"u${depth}"`)},"unknown":${nested(depth, '[', ']')}}`
    const answer = await target.post(CONFIG_MAPS, body)
    if (answer.status !== 201) expectStatus(answer, 400)
  })
})

/** Each step ten times the one before. */
function laughs(steps: number): string {
  const lines = ['data:', '  a0: &a0 "lol"']
  for (let step = 1; step < steps; step++) {
    lines.push(
      `  a${step}: &a${step} [${Array(10)
        .fill(`*a${step - 1}`)
        .join(',')}]`,
    )
  }
  return lines.join('\n')
}

function merges(steps: number): string {
  const lines = ['m0: &m0 {k: v}']
  for (let step = 1; step < steps; step++) {
    lines.push(`m${step}: &m${step} {<<: [*m${step - 1}, *m${step - 1}], a: *m${step - 1}, b: *m${step - 1}}`)
  }
  return lines.join('\n')
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(copy.length - 8) ^ 1, copy.length - 8)
  return copy
}
