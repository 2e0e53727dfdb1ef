import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { custom, DEFINITIONS, define, definition, GROUP } from './custom.ts'
import { APPLY_TYPE, CONFIG_MAPS, configMap, expectStatus, json, PATCH_TYPES, ROOT, Target } from './support.ts'

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype']
/** Those that are label keys too. */
const LABELS = NAMES.filter((name) => name !== '__proto__')
const [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH] = PATCH_TYPES as [string, string, string]

type Bag = { [key: string]: unknown }
type Thing = { metadata: { labels?: Bag; annotations?: Bag; managedFields?: unknown[] }; data?: Bag; spec?: Bag }

let target: Target
let open: string
let closed: string

beforeAll(async () => {
  target = await Target.start()
  open = await define(target, 'opens', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true })
  const properties = `{${NAMES.map((name) => `"${name}":{"type":"string","default":"d"}`).join(',')}}`
  const spec = JSON.parse(`{"type":"object","properties":${properties}}`)
  closed = await define(target, 'closeds', spec, {
    selectableFields: LABELS.map((name) => ({ jsonPath: `.spec.${name}` })),
    additionalPrinterColumns: NAMES.map((name) => ({ name, type: 'string', jsonPath: `.spec.${name}` })),
  })
})
afterEach(() => target.expectUnharmed())
afterAll(() => target.close())

/** An own member of every name, in text: a literal's `__proto__` would set the prototype. */
const bag = (names: readonly string[], value: unknown = 'v') =>
  JSON.parse(`{${names.map((name) => `"${name}":${JSON.stringify(value)}`).join(',')}}`) as Bag
const keys = (object: unknown) => Object.keys((object ?? {}) as object).sort()
const sorted = (names: readonly string[]) => [...names].sort()

describe('Built-in objects', () => {
  test('keep such names in data, labels and annotations', async () => {
    const metadata = { name: 'kept', labels: bag(LABELS), annotations: bag(LABELS) }
    const body = { ...configMap('kept'), metadata, data: bag(NAMES) }
    json(await target.post(CONFIG_MAPS, body))
    const read = await target.get<Thing>(`${CONFIG_MAPS}/kept`)
    expect(keys(read.data)).toEqual(sorted(NAMES))
    expect(keys(read.metadata.labels)).toEqual(sorted(LABELS))
    expect(keys(read.metadata.annotations)).toEqual(sorted([...LABELS, 'kcp.io/cluster']))
  })

  test('refuse __proto__ as a label, as any other key that is none', async () => {
    for (const where of ['labels', 'annotations']) {
      const metadata = { name: 'refused', [where]: bag(['__proto__']) }
      expectStatus(await target.post(CONFIG_MAPS, { ...configMap('refused'), metadata }), 422, /__proto__/)
    }
  })

  test('drop such names where they have no fields', async () => {
    const body = JSON.stringify({ ...configMap('dropped'), MORE: 1 }).replace(
      '"MORE":1',
      JSON.stringify(bag(NAMES, { a: 1 })).slice(1, -1),
    )
    const read = json<Bag>(await target.post(CONFIG_MAPS, body))
    expect(keys(read)).toEqual(['apiVersion', 'kind', 'metadata'])
    const strict = await target.post(`${CONFIG_MAPS}?fieldValidation=Strict`, body.replace('"dropped"', '"strict"'))
    const { message } = expectStatus(strict, 400)
    for (const name of NAMES) expect(message).toContain(`unknown field "${name}"`)
  })

  test.each(NAMES)('have them patched in every form: %s', async (name) => {
    const path = `${CONFIG_MAPS}/patched-${name.toLowerCase().replaceAll('_', '')}`
    json(await target.post(CONFIG_MAPS, configMap(path.slice(CONFIG_MAPS.length + 1), { data: { a: 'b' } })))
    const patch = async (type: string, body: unknown) =>
      (json<Thing>(await target.patch(path, type, body)).data ?? {}) as Bag
    const own = (data: Bag) => Object.getOwnPropertyDescriptor(data, name)?.value
    expect(own(await patch(MERGE_PATCH, { data: bag([name], '1') }))).toBe('1')
    expect(own(await patch(STRATEGIC_PATCH, { data: bag([name], '2') }))).toBe('2')
    expect(own(await patch(JSON_PATCH, [{ op: 'replace', path: `/data/${name}`, value: '3' }]))).toBe('3')
    expect(own(await patch(JSON_PATCH, [{ op: 'copy', from: `/data/${name}`, path: '/data/z' }]))).toBe('3')
    expect(own(await patch(MERGE_PATCH, { data: bag([name], null) }))).toBeUndefined()
    expect(own(await patch(JSON_PATCH, [{ op: 'add', path: `/data/${name}`, value: '4' }]))).toBe('4')
    expect(own(await patch(STRATEGIC_PATCH, { data: bag([name], null) }))).toBeUndefined()
    expectStatus(await target.patch(path, JSON_PATCH, [{ op: 'remove', path: `/data/${name}` }]), 422)
    expectStatus(await target.patch(path, JSON_PATCH, [{ op: 'test', path: `/data/${name}`, value: '4' }]), 422)
  })

  test.each(['/__proto__/x', '/constructor/prototype/x', '/metadata/__proto__/x', '/data/__proto__/x', '/toString'])(
    'are not reached through by a pointer: %s',
    async (path) => {
      const at = `${CONFIG_MAPS}/pointers`
      await target.post(CONFIG_MAPS, configMap('pointers', { data: { a: 'b' } }))
      for (const patch of [
        { op: 'add', path, value: 'x' },
        { op: 'replace', path, value: 'x' },
        { op: 'remove', path },
        { op: 'copy', from: path, path: '/data/b' },
        { op: 'move', from: path, path: '/data/b' },
        { op: 'test', path, value: 'x' },
      ]) {
        const answer = await target.patch(at, JSON_PATCH, [patch])
        // What is not there reads as null, and may be set where it is nobody's field.
        if (answer.status !== 200) expectStatus(answer, 422)
      }
      expect([{ a: 'b' }, { a: 'b', b: '' }]).toContainEqual((await target.get<Thing>(at)).data)
    },
  )

  test('have them applied, owned and given up', async () => {
    const path = `${CONFIG_MAPS}/applied`
    const apply = async (manager: string, names: readonly string[]) => {
      const body = { ...configMap('applied'), data: bag(names) }
      return json<Thing>(await target.patch(`${path}?fieldManager=${manager}`, APPLY_TYPE['content-type'], body))
    }
    expect(keys((await apply('one', NAMES)).data)).toEqual(sorted(NAMES))
    expect(keys((await apply('two', NAMES.slice(0, 2))).data)).toEqual(sorted(NAMES))
    const given = await apply('one', [])
    expect(keys(given.data)).toEqual(sorted(NAMES.slice(0, 2)))
    const update = { ...configMap('applied'), data: bag(NAMES, 'other') }
    const answer = await target.patch(`${path}?fieldManager=three`, APPLY_TYPE['content-type'], update)
    expect(expectStatus(answer, 409).message).toContain('.data.__proto__')
  })
})

describe('Custom objects', () => {
  test('keep such names where everything is kept', async () => {
    const spec = bag(NAMES, bag(NAMES))
    json(await target.post(open, custom('opens', 'kept', spec)))
    const read = await target.get<Thing>(`${open}/kept`)
    expect(keys(read.spec)).toEqual(sorted(NAMES))
    for (const each of Object.values(read.spec ?? {})) expect(keys(each)).toEqual(sorted(NAMES))
  })

  test('have them as fields, with defaults and columns', async () => {
    json(await target.post(closed, custom('closeds', 'all', {})))
    const { spec } = await target.get<Thing>(`${closed}/all`)
    expect(Object.entries(spec ?? {}).sort()).toEqual(sorted(NAMES).map((name) => [name, 'd']))
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const table = json<{ rows: { cells: unknown[] }[] }>(await target.call(closed, { headers: { accept } }))
    expect(table.rows[0]?.cells).toEqual(['all', ...NAMES.map(() => 'd')])
  })

  test('lack them where nobody defined them', async () => {
    const properties = { a: { type: 'object', properties: { b: { type: 'string' } } } }
    const path = await define(target, 'plains', { type: 'object', properties })
    json(await target.post(path, custom('plains', 'p', { ...bag(NAMES, { x: 1 }), a: bag(NAMES, 'x') })))
    expect((await target.get<Thing>(`${path}/p`)).spec).toEqual({ a: {} })
  })

  test('are selected by them', async () => {
    for (const name of LABELS) {
      const of = (value: string) => target.get<{ items: Thing[] }>(`${closed}?fieldSelector=spec.${name}%3D${value}`)
      expect((await of('d')).items).toHaveLength(1)
      expect((await of('x')).items).toHaveLength(0)
    }
    expectStatus(await target.call(`${closed}?fieldSelector=spec.__proto__%3Dd`), 400, /not supported/)
    expectStatus(await target.call(`${closed}?fieldSelector=constructor%3Dd`), 400, /not supported/)
  })

  test('may require such names', async () => {
    const path = await define(target, 'needs', {
      type: 'object',
      required: NAMES,
      properties: JSON.parse(`{${NAMES.map((name) => `"${name}":{"type":"string"}`).join(',')}}`),
    })
    const { message } = expectStatus(await target.post(path, custom('needs', 'n', {})), 422)
    for (const name of NAMES) expect(message).toContain(`spec.${name}: Required value`)
    json(await target.post(path, custom('needs', 'n', bag(NAMES))))
  })

  test.each(NAMES)('may not be of a type, version or group of that name in a wrong form: %s', async (name) => {
    const base = definition('names', { type: 'object' }) as { spec: Bag }
    for (const spec of [
      { ...base.spec, group: name },
      { ...base.spec, scope: name },
      { ...base.spec, names: bag(['plural', 'kind'], name) },
      { ...base.spec, versions: [{ name, served: true, storage: true }] },
      { ...base.spec, conversion: { strategy: name } },
      bag(NAMES, {}),
    ]) {
      expectStatus(await target.post(DEFINITIONS, { ...base, spec }), [400, 422])
    }
  })
})

describe('Requests', () => {
  test.each(NAMES)('may name %s anywhere', async (name) => {
    for (const path of [
      `${CONFIG_MAPS}/${name}`,
      `${CONFIG_MAPS}/kept/${name}`,
      `${ROOT}/api/${name}`,
      `${ROOT}/api/${name}/pods`,
      `${ROOT}/api/v1/${name}`,
      `${ROOT}/api/v1/${name}/x`,
      `${ROOT}/api/v1/namespaces/${name}`,
      `${ROOT}/apis/${name}`,
      `${ROOT}/apis/${name}/v1`,
      `${ROOT}/apis/${name}/v1/${name}`,
      `${ROOT}/apis/${GROUP}/${name}`,
      `${ROOT}/apis/${GROUP}/v1/${name}`,
      `${ROOT}/apis/rbac.authorization.k8s.io/v1/clusterroles/${name}`,
      `${ROOT}/openapi/v3/apis/${name}/v1`,
      `${ROOT}/${name}`,
      `/services/${name}`,
      `/services/apiexport/${name}/${name}/clusters/*/api`,
      `/services/initializingworkspaces/${name}`,
      `/${name}`,
    ]) {
      const answer = await target.call(path)
      expect(answer.status, path).toBeGreaterThan(399)
      expect(answer.status, path).toBeLessThan(500)
      if (answer.headers['content-type'] === 'application/json') expectStatus(answer)
    }
    expect(keys((await target.get<{ items: Thing[] }>(`${ROOT}/api/v1/namespaces/${name}/configmaps`)).items)).toEqual(
      [],
    )
  })

  test.each(NAMES)('may have a parameter, an option or a selector %s', async (name) => {
    for (const query of [`${name}=1`, `labelSelector=${name}%3Dv`, `fieldManager=${name}`, `${name}[x]=1`]) {
      const answer = await target.call(`${CONFIG_MAPS}?${query}`)
      if (answer.status !== 200) expectStatus(answer, 400)
    }
    for (const query of [
      'resourceVersion',
      'resourceVersionMatch',
      'limit',
      'continue',
      'timeoutSeconds',
      'fieldSelector',
    ]) {
      expectStatus(await target.call(`${CONFIG_MAPS}?${query}=${name}`), [400, 422])
    }
    for (const query of ['dryRun', 'fieldValidation']) {
      expectStatus(await target.post(`${CONFIG_MAPS}?${query}=${name}`, configMap('option')), [400, 422])
    }
    await target.post(CONFIG_MAPS, configMap('option'))
    for (const query of ['propagationPolicy', 'gracePeriodSeconds', 'orphanDependents', 'dryRun']) {
      const answer = await target.call(`${CONFIG_MAPS}/option?${query}=${name}`, { method: 'DELETE' })
      if (answer.status !== 200) expectStatus(answer, [400, 404, 422])
    }
  })

  test.each(NAMES)('may have headers about %s', async (name) => {
    for (const headers of [
      { 'content-type': name },
      { 'content-type': `application/${name}` },
      { 'content-encoding': name },
      { accept: name },
      { accept: `application/json;as=${name};v=v1;g=meta.k8s.io` },
      { 'impersonate-user': name },
      { 'impersonate-user': 'x', [`impersonate-extra-${name.toLowerCase()}`]: 'y' },
      { authorization: name },
      { authorization: `Bearer ${name}` },
      { [name]: 'x' },
    ]) {
      const answer = await target.call(CONFIG_MAPS, { method: 'POST', headers, body: '{}' })
      expectStatus(answer, [400, 401, 403, 406, 415, 422])
    }
  })
})
