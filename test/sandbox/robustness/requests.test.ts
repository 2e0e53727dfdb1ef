import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CONFIG_MAPS, configMap, expectStatus, hear, ROOT, Target } from './support.ts'

const NAMESPACE = `${ROOT}/api/v1/namespaces/default`

let target: Target

beforeAll(async () => {
  target = await Target.start()
})
afterEach(() => target.expectUnharmed())
afterAll(() => target.close())

describe('A method', () => {
  test.each(['TRACE', 'COPY', 'LOCK', 'PROPFIND', 'PURGE', 'REPORT', 'SEARCH', 'QUERY', 'OPTIONS'])(
    'that Kubernetes does not have is refused: %s',
    async (method) => {
      for (const path of [NAMESPACE, CONFIG_MAPS, ROOT, '/', `${ROOT}/api/v1/nothing`]) {
        const answer = await target.call(path, { method })
        expect(answer.status, answer.body.toString()).toBeGreaterThan(399)
        expect(answer.status, answer.body.toString()).toBeLessThan(500)
        if (answer.headers['content-type'] === 'application/json') expectStatus(answer)
      }
    },
  )

  test.each(['FOO', 'get', '\u0001', 'G E T', ''])('that HTTP does not have is refused: %s', async (method) => {
    expect((await target.say(target.head(method, NAMESPACE))).status).toBe(400)
  })

  test('CONNECT and upgrades are no way through', async () => {
    const connecting = await target.say(target.head('CONNECT', 'elsewhere:443', { connection: 'close' }))
    expect(connecting.body.toString()).not.toContain('Established')
    const upgrade = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'x',
      'sec-websocket-version': '13',
    }
    const socket = await target.connect()
    const heard = hear(socket, '"default"')
    socket.write(target.head('GET', NAMESPACE, upgrade))
    expect(await heard).toMatch(/^HTTP\/1.1 200 /)
    socket.destroy()
  })
})

describe('Headers', () => {
  test.each<[string, Record<string, string>, number[]]>([
    ['no type of the body', {}, [201, 415]],
    ['an empty type', { 'content-type': '' }, [201, 415]],
    ['a type that is none', { 'content-type': ';;;' }, [415]],
    ['an unknown type', { 'content-type': 'text/html' }, [415]],
    ['an unknown type to answer in', { accept: 'text/html', 'content-type': 'application/json' }, [406]],
    ['a broken type to answer in', { accept: ';q=x,,,/', 'content-type': 'application/json' }, [201, 406]],
    ['very many types', { accept: 'a/b,'.repeat(20_000), 'content-type': 'application/json' }, [201, 406]],
    [
      'a broken table',
      { accept: 'application/json;as=Table;v=v9;g=x', 'content-type': 'application/json' },
      [201, 406],
    ],
    ['an impersonated group alone', { 'impersonate-group': 'system:masters' }, [400, 403, 415, 500]],
    ['an impersonated nobody', { 'impersonate-user': '' }, [201, 400, 415]],
    ['a scheme without a token', { authorization: 'Bearer' }, [401, 403]],
    ['an empty token', { authorization: 'Bearer ' }, [401, 403]],
    ['a token that is none', { authorization: `Bearer ${'x'.repeat(100_000)}` }, [401]],
    ['a token of dots', { authorization: 'Bearer ..' }, [401]],
    ['a broken JWT', { authorization: `Bearer ${'eyJhbGciOiJub25lIn0'}.e30.` }, [401]],
    ['basic authentication', { authorization: 'Basic YTpi' }, [401, 403]],
    ['a length that is none', { 'content-length': 'x' }, [400]],
    ['a negative length', { 'content-length': '-1' }, [400]],
    ['a length beyond all', { 'content-length': '99999999999999999999' }, [400, 413]],
    ['a large length', { 'content-type': 'application/json', 'content-length': '9999999999' }, [413]],
    ['an unknown transfer encoding', { 'transfer-encoding': 'banana' }, [400, 501]],
    ['an expectation', { expect: '100-continue', 'content-type': 'application/json', 'content-length': '0' }, [100]],
    ['an unknown expectation', { expect: 'banana' }, [417]],
    ['forged headers of a proxy', { 'x-remote-user': 'x', 'x-remote-group': 'system:masters' }, [201, 415]],
    ['prototype names', { __proto__: 'x', constructor: 'y' }, [201, 415]],
  ])('are understood or refused: %s', async (_, headers, statuses) => {
    const body = JSON.stringify({ ...configMap('h'), metadata: { generateName: 'h' } })
    const length =
      'content-length' in headers || 'transfer-encoding' in headers ? {} : { 'content-length': String(body.length) }
    const text = target.head('POST', CONFIG_MAPS, { connection: 'close', ...length, ...headers }) + body
    const answer = await target.say(text)
    expect(statuses, answer.body.toString()).toContain(answer.status)
    if (answer.headers['content-type'] === 'application/json' && answer.status > 299) expectStatus(answer, statuses)
  })

  test('beyond all bounds are refused', async () => {
    expect((await target.say(target.head('GET', NAMESPACE, { 'x-large': 'x'.repeat(400_000) }))).status).toBe(431)
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`x-${index}`, 'y']))
    const { status } = await target.say(target.head('GET', NAMESPACE, { ...many, connection: 'close' }))
    expect([200, 431]).toContain(status)
  })
})

describe('Requests on one connection', () => {
  test('are answered in their order, the refused ones too', async () => {
    const socket = await target.connect()
    const rounds = 40
    const heard = hear(socket, (text) => text.split('HTTP/1.1 ').length > rounds * 4)
    let sent = ''
    for (let round = 0; round < rounds; round++) {
      const body = JSON.stringify(configMap(`piped-${round}`))
      const typed = { 'content-type': 'application/json' }
      sent += target.head('POST', CONFIG_MAPS, { ...typed, 'content-length': String(body.length) }) + body
      sent += target.head('GET', `${CONFIG_MAPS}/piped-${round}`)
      sent += `${target.head('POST', CONFIG_MAPS, { ...typed, 'content-length': '5' })}{"a":`
      sent += target.head('DELETE', `${CONFIG_MAPS}/piped-${round}`)
    }
    socket.write(sent)
    const statuses = [...(await heard).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    expect(statuses).toEqual(Array(rounds).fill(['201', '200', '400', '200']).flat())
    socket.destroy()
  })

  test('go on after a body that was too large and was never read to its end', async () => {
    const socket = await target.connect()
    const body = 'x'.repeat(4_000_000)
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) }
    const heard = hear(socket, (text) => text.includes('"name":"default"'))
    socket.write(target.head('POST', CONFIG_MAPS, headers) + body + target.head('GET', NAMESPACE))
    const text = await heard
    expect(text).toMatch(/^HTTP\/1.1 413 /)
    expect(text).toContain('HTTP/1.1 200 ')
    socket.destroy()
  })

  test('are not smuggled in a body', async () => {
    const hidden = target.head('DELETE', NAMESPACE)
    const both = { 'content-length': '4', 'transfer-encoding': 'chunked', 'content-type': 'application/json' }
    expect((await target.say(`${target.head('POST', CONFIG_MAPS, both)}0\r\n\r\n${hidden}`)).status).toBe(400)
    const twice = { 'content-length': '0\r\nContent-Length: 5', 'content-type': 'application/json' }
    expect((await target.say(target.head('POST', CONFIG_MAPS, twice) + hidden)).status).toBe(400)
  })
})

describe('Users without rights', () => {
  const bodies: [string, string | Buffer][] = [
    ['nothing', ''],
    ['broken JSON', '{"a":'],
    ['deep JSON', '['.repeat(100_000)],
    ['a prototype', '{"__proto__":{"groups":["system:masters"]},"constructor":{"prototype":{"admin":true}}}'],
    ['10 MB', Buffer.alloc(10_000_000, 'x')],
    ['a YAML bomb', `a: &a [x,x]\nb: &b [*a,*a]\nc: [${'*b,'.repeat(10_000)}]`],
  ]
  const types = [
    'application/json',
    'application/yaml',
    'application/vnd.kubernetes.protobuf',
    'application/merge-patch+json',
  ]
  const paths = [
    ...[CONFIG_MAPS, `${CONFIG_MAPS}/x`, NAMESPACE, `${ROOT}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`],
    ...[
      `${ROOT}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings`,
      `${ROOT}/api/v1/__proto__`,
      '/clusters/*/api/v1/pods',
    ],
    ...[
      '/clusters/nowhere/api/v1/configmaps',
      '/clusters/root:nowhere/api/v1/configmaps',
      '/clusters/..%2f/api',
      '/metrics',
    ],
    ...[
      '/services/apiexport/root/tenancy.kcp.io/clusters/*/api',
      '/services/initializingworkspaces/root:universal',
      '/',
    ],
  ]

  test.each(bodies)('get nowhere with %s', async (_, body) => {
    for (const path of body.length > 1_000_000 ? paths.slice(0, 2) : paths) {
      for (const [index, type] of types.entries()) {
        const method = ['POST', 'PUT', 'DELETE', 'PATCH'][index]!
        for (const token of ['user-1-token', 'nobody', '']) {
          const answer = await target.call(path, { method, headers: { 'content-type': type }, body, token })
          expect(answer.status, `${method} ${path} ${answer.body}`).toBeGreaterThan(399)
          expect(answer.status, `${method} ${path} ${answer.body}`).toBeLessThan(500)
          if (answer.headers['content-type'] === 'application/json') expectStatus(answer, [400, 401, 403, 404, 405])
        }
      }
    }
    expect((await target.call(NAMESPACE)).status).toBe(200)
  })

  test.each([
    { 'impersonate-user': 'admin' },
    { 'impersonate-user': 'x', 'impersonate-group': 'system:masters' },
    { 'impersonate-user': 'x', 'impersonate-extra-__proto__': 'y' },
    { 'impersonate-uid': 'x' },
    { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' },
    { 'x-kcp-internal-deep-subjectaccessreview': 'true' },
    { cookie: 'admin=1', 'x-forwarded-for': '127.0.0.1', 'x-http-method-override': 'DELETE' },
  ])('get nowhere with the headers %o', async (headers) => {
    for (const token of ['user-1-token', 'nobody', '']) {
      const answer = await target.call(NAMESPACE, { headers: headers as Record<string, string>, token })
      // kube-apiserver calls it an internal error when somebody is to be impersonated who has no name.
      const statuses = 'impersonate-uid' in headers ? [401, 500] : [400, 401, 403]
      expectStatus(answer, statuses)
    }
  })
})
