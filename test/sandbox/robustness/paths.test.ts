import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CONFIG_MAPS, configMap, expectStatus, JSON_TYPE, ROOT, Target } from './support.ts'

const CLOSE = { connection: 'close' }

let target: Target

beforeAll(async () => {
  target = await Target.start()
})
afterEach(() => target.expectUnharmed())
afterAll(() => target.close())

describe('The name of a logical cluster', () => {
  const odd = [
    ...['', '%2F', '%2f..%2froot', '..', '%2e%2e', '.', '%2E', '%00', 'root%00', 'root%0a', '%252F', '%252e%252e'],
    ...['root%2Fapi', 'root%5C..', 'root;x=1', 'root%20', '%20root', 'ROOT', 'root:', ':root', 'root::a', ':', '::'],
    ...['root:..', 'root:.', 'root:%2A', '*:root', '**', 'root*', 'root,base', 'root%3Fx', 'root%23', '%ff', '%c0%af'],
    ...[
      '%E2%80%AE',
      '%F0%9F%A6%84',
      'r%C3%B6%C3%B6t',
      '__proto__',
      'constructor',
      'hasOwnProperty',
      '-',
      '-root',
      'root-',
    ],
    ...['a'.repeat(64), 'a'.repeat(10_000), 'a:'.repeat(5_000), `root${':a'.repeat(10_000)}`, '%', '%1', '%zz', '%25'],
    ...[
      'system:',
      'system:..',
      'system:admin:x',
      'user',
      'user:',
      'user:*',
      'root:org:../..',
      'nowhere',
      'root:nowhere',
    ],
  ]

  test.each(odd)('%.40s is refused, or is a place without anything', async (name) => {
    for (const rest of [
      '',
      '/',
      '/api/v1/namespaces',
      '/api/v1/namespaces/default/configmaps/x',
      '/apis',
      '/openapi/v3',
    ]) {
      const answer = await target.call(`/clusters/${name}${rest}`)
      if (answer.headers['content-type'] === 'application/json' && answer.status > 299) expectStatus(answer)
      expect(answer.status, name).toBeLessThan(500)
      if (answer.status > 299 || rest !== '/api/v1/namespaces') continue
      const { items } = JSON.parse(answer.body.toString()) as { items: { metadata: { name: string } }[] }
      // As the root that it resembles never would be.
      expect(items, name).toEqual([])
    }
  })

  test.each(odd.filter((name) => !/^(user|system|[a-z]+)$/.test(name)))('%.40s takes no object', async (name) => {
    const answer = await target.call(`/clusters/${name}/api/v1/namespaces/default/configmaps`, {
      ...{ method: 'POST', headers: JSON_TYPE, body: JSON.stringify(configMap('lost')) },
    })
    expect(answer.status, answer.body.toString()).toBeGreaterThan(399)
    expect(answer.status, answer.body.toString()).toBeLessThan(500)
  })
})

describe('A path', () => {
  test.each([
    ...['//', '/./', '/../', '/clusters', '/clusters/', '/clusters//', '/clusters/root//api', '/clusters/root/../base'],
    ...['/clusters/root/api/v1/../v1', '/clusters/root/%2e%2e/base/api', '/clusters/root/api/v1/namespaces/..'],
    ...['/clusters/root/api/v1/namespaces/default/configmaps/%2e%2e', '/clusters/root/api/v1/namespaces/%00'],
    ...['/clusters/root/api/v1/namespaces/default/configmaps/a%00b', '/clusters/root/api/v1/namespaces/%2F/configmaps'],
    ...[
      '/clusters/root/api/v1/namespaces/default/configmaps/a%2Fb',
      '/clusters/root/api/v1/namespaces/%25/configmaps/x',
    ],
    ...[
      '/clusters/root/api/v1/namespaces/default/configmaps/x/y/z',
      '/clusters/root/api/v1/namespaces/default/nothing',
    ],
    ...['/clusters/root/api/v1/watch', '/clusters/root/api/v1/proxy/x'],
    ...[
      '/clusters/root/api/v2',
      '/clusters/root/apis/x',
      '/clusters/root/apis//v1/x',
      '/clusters/root/clusters/root/api/x',
    ],
    ...['/services', '/services/', '/services/x', '/services/apiexport', '/services/apiexport/root/x/clusters/..'],
    ...['/services/apiexport/root/tenancy.kcp.io/clusters/%2F/api', '/services/apiexport/%2e%2e/x/clusters/*'],
    ...[
      `/${'a/'.repeat(50_000)}`,
      `/clusters/root/${'%61'.repeat(20_000)}`,
      '/favicon.ico',
      '/%F0%9F%A6%84',
      '/%E0%A4%A',
    ],
    ...[
      '/clusters/root/api/v1/namespaces/x?%',
      '/clusters/root/api/v1/namespaces/x?=&&&=;',
      `/x?${'a=b&'.repeat(20_000)}`,
    ],
  ])('that leads nowhere says so: %.60s', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const body = method === 'GET' ? undefined : '{}'
      const headers =
        body === undefined
          ? {}
          : { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }
      const answer = await target.call(path, { method, headers, ...(body !== undefined && { body }) })
      expect(answer.status, `${method} ${answer.body}`).toBeGreaterThan(399)
      expect(answer.status, `${method} ${answer.body}`).toBeLessThan(500)
      if (answer.headers['content-type'] === 'application/json') expectStatus(answer)
    }
  })

  test.each([
    ['a space', '/clusters/root /api'],
    ['bytes that need an escape', '/clusters/r\u00f6\u00f6t/api'],
    ['a control character', '/clusters/\u0001/api'],
    ['a fragment', '/clusters/root/api#x'],
    ['a backslash', '/clusters\\root\\api'],
    ['a whole URL of another host', 'https://elsewhere/clusters/nowhere/api/v1/x'],
    ['only a query', '?x'],
    ['an asterisk', '*'],
    ['nothing', ''],
    ['no slash in front', 'clusters/root/api'],
  ])('with %s is refused', async (_, path) => {
    const { status, body } = await target.say(target.head('GET', path, CLOSE))
    expect(status, body.toString()).toBeGreaterThan(399)
    expect(status, body.toString()).toBeLessThan(500)
  })
})

describe('A name', () => {
  test.each([
    ...[
      '..',
      '.',
      '',
      'A',
      'a_b',
      'a b',
      'a/b',
      'a%b',
      '-a',
      'a-',
      'a..b',
      '\u0000',
      '\ud83e\udd84',
      'a\n',
      '__proto__',
    ],
    ...[
      'a'.repeat(254),
      'a'.repeat(100_000),
      'constructor%00',
      '\u202e',
      '*',
      "'; DROP TABLE",
      '<script>',
      '${x}',
      '..%2f',
    ],
  ])('of an object is refused: %.30s', async (name) => {
    const status = expectStatus(await target.post(CONFIG_MAPS, configMap(name)), 422)
    expect(status.message).toContain('metadata.name')
    const labels = { [`${name}/x`]: 'y' }
    const body = { ...configMap('labelled'), metadata: { name: 'labelled', labels } }
    expectStatus(await target.post(CONFIG_MAPS, body), 422)
    const namespaces = `${ROOT}/api/v1/namespaces`
    expectStatus(await target.post(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }), [403, 422])
    const generated = { ...configMap('x'), metadata: { generateName: name.slice(0, 200) } }
    const answer = await target.post(CONFIG_MAPS, generated)
    if (answer.status !== 201) expectStatus(answer, 422)
  })

  test.each(['..', '%2e%2e', '%2F', 'a%2Fb', '%00', 'A', 'a'.repeat(10_000), '%E2%80%AE', 'nowhere'])(
    'of a namespace is refused or empty: %.30s',
    async (namespace) => {
      const path = `${ROOT}/api/v1/namespaces/${namespace}/configmaps`
      const { status, body, headers } = await target.call(path)
      if (status === 200) expect(JSON.parse(body.toString()).items).toEqual([])
      else expectStatus({ status, body, headers })
      expectStatus(await target.post(path, configMap('x')))
    },
  )

  test('of another place in the body is refused', async () => {
    for (const metadata of [
      { name: 'x', namespace: '..' },
      { name: 'x', namespace: 'other' },
      { name: 'x', namespace: '__proto__' },
      { name: 'x', namespace: 'default/../other' },
    ]) {
      expectStatus(await target.post(CONFIG_MAPS, { ...configMap('x'), metadata }), 400)
    }
    expectStatus(await target.put(`${CONFIG_MAPS}/x`, configMap('y')), 400)
  })
})
