import { expect, test } from 'vitest'
import { configMap, describeKubectl, rows } from './support.ts'

const THREE = ['a', 'b', 'c'].map((name, index) => configMap(name, { rank: String(3 - index) }, { app: name }))

await describeKubectl('get, watch and describe', (kubectls) => {
  /** A workspace with the ConfigMaps a, b and c, which `-l app` selects. */
  async function three() {
    const kubectl = await kubectls.workspace()
    await kubectl.apply(THREE.join('---\n'))
    return kubectl
  }

  test.concurrent('get prints a table, names, YAML, JSON, paths and columns', async () => {
    const kubectl = await three()
    expect(rows(await kubectl.ok('get cm -l app'))).toEqual([
      ['NAME', 'DATA'],
      ['a', '1'],
      ['b', '1'],
      ['c', '1'],
    ])
    expect(rows(await kubectl.ok('get cm -l app=a --show-labels'))[1]?.at(-1)).toBe('app=a')
    expect(rows(await kubectl.ok('get cm -A -l app -L app')).map((row) => row.at(-1))).toEqual(['APP', 'a', 'b', 'c'])
    expect(await kubectl.ok('get cm a b -o name')).toBe('configmap/a\nconfigmap/b')
    expect(await kubectl.ok('get cm a -o yaml')).toContain('data:\n  rank: "3"\nkind: ConfigMap\n')
    expect(await kubectl.json('get cm -l app')).toMatchObject({ kind: 'List', items: [{}, {}, {}] })
    expect(await kubectl.ok('get cm a -o jsonpath={.data.rank}')).toBe('3')
    expect(await kubectl.ok('get cm -l app -o custom-columns=N:.metadata.name,R:.data.rank,X:.data.x')).toMatch(
      /^N +R +X\na +3 +<none>\nb +2 +<none>\nc +1 +<none>$/,
    )
  })

  test.concurrent('get -o wide shows what a plain get leaves out', async () => {
    const kubectl = await kubectls.workspace()
    await kubectl.ok('create role r --verb=get --resource=configmaps')
    await kubectl.ok('create rolebinding rb --role=r --serviceaccount=default:robot --user=u --group=g')
    expect(rows(await kubectl.ok('get rolebinding rb'))).toEqual([
      ['NAME', 'ROLE'],
      ['rb', 'Role/r'],
    ])
    const [head, cells] = rows(await kubectl.ok('get rolebinding rb -o wide'))
    expect(head).toEqual(['NAME', 'ROLE', 'AGE', 'USERS', 'GROUPS', 'SERVICEACCOUNTS'])
    expect(cells).toEqual(['rb', 'Role/r', expect.any(String), 'u', 'g', 'default/robot'])
  })

  test.concurrent('get selects, sorts and asks in chunks', async () => {
    const kubectl = await three()
    const names = (flags: string, ...more: string[]) => kubectl.ok(`get cm -o name ${flags}`, ...more)
    expect(await names('-l', 'app in (a,b),app notin (b),!zzz')).toBe('configmap/a')
    expect(await names('--field-selector metadata.name=b')).toBe('configmap/b')
    expect(await names('-l app --field-selector metadata.name!=b')).toBe('configmap/a\nconfigmap/c')
    expect(await names('-l app --chunk-size=1')).toBe('configmap/a\nconfigmap/b\nconfigmap/c')
    expect(rows(await kubectl.ok('get cm -l app --sort-by=.data.rank')).map(([name]) => name)).toEqual([
      'NAME',
      'c',
      'b',
      'a',
    ])
    expect(await kubectl.fails('get cm -l', 'app in (x')).toBe(
      'Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "app in (x", ' +
        `field selector "": unable to parse requirement: found '', expected: ',' or ')'`,
    )
    expect(await kubectl.fails('get cm --field-selector data.k=b')).toBe(
      'Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "", ' +
        'field selector "data.k=b": "data.k" is not a known field selector: only "metadata.name", "metadata.namespace"',
    )
  })

  test.concurrent('get says what is not there', async () => {
    const kubectl = await kubectls.workspace()
    expect(await kubectl.fails('get cm nope')).toBe('Error from server (NotFound): configmaps "nope" not found')
    expect(await kubectl.run('get cm nope --ignore-not-found')).toEqual({ code: 0, out: '', err: '' })
    expect(await kubectl.fails('get nonsense')).toBe('error: the server doesn\'t have a resource type "nonsense"')
    const empty = await kubectl.run('get secrets -n nowhere')
    expect(empty).toEqual({ code: 0, out: '', err: 'No resources found in nowhere namespace.\n' })
    // What kubectl has in its cache is asked for again after such a miss, and stays what it was.
    expect(await kubectl.ok('get ns default -o name')).toBe('namespace/default')
    expect(await kubectl.fails('get cm -n')).toContain('flag needs an argument')
  })

  test.concurrent('get -w shows each change, with its kind where asked', async () => {
    const kubectl = await three()
    const plain = kubectl.follow('get cm -l app=a -w --output-watch-events')
    const only = kubectl.follow('get cm -l app=a --watch-only -o jsonpath={.metadata.name}={.data.rank}{"\\n"}')
    try {
      expect((await plain.lines(2)).at(-1)).toMatch(/^ADDED +a +1 +/)
      // Whether a watch has begun is seen by its first event only.
      let changes = 0
      while (only.seen.length === 0)
        await kubectl.ok('patch cm a --type=merge -p', `{"data":{"rank":"${10 + ++changes}"}}`)
      expect(only.seen[0]).toMatch(/^a=\d\d$/)
      await kubectl.ok('delete cm a')
      const seen = (await plain.lines(changes + 3)).slice(2).map((line) => line.split(/ +/).slice(0, 3))
      expect(seen.at(-1)).toEqual(['DELETED', 'a', '1'])
      expect(new Set(seen.slice(0, -1).map(([type]) => type))).toEqual(new Set(['MODIFIED']))
    } finally {
      await Promise.all([plain.stop(), only.stop()])
    }
  })

  test.concurrent('describe tells of built-in kinds in their own words', async () => {
    const kubectl = await three()
    const described = await kubectl.ok('describe cm a')
    expect(described).toContain(`Annotations:  kcp.io/cluster: ${kubectl.cluster}\n`)
    expect(described).toContain('Data\n====\nrank:\n----\n3\n\n\nBinaryData\n====\n\nEvents:  <none>')
    await kubectl.ok('create secret generic s --from-literal=p=q')
    expect(await kubectl.ok('describe secret s')).toContain('Type:  Opaque\n\nData\n====\np:  1 bytes')
    await kubectl.ok('create quota q --hard=configmaps=2')
    await kubectl.ok('wait quota q --for=jsonpath={.status.used.configmaps}=4')
    const namespace = await kubectl.ok('describe ns default')
    expect(namespace).toContain('Labels:       kubernetes.io/metadata.name=default\n')
    expect(namespace).toContain('Status:       Active\n\nResource Quotas\n  Name:       q\n')
    expect(namespace).toContain('  configmaps  4     2\n')
    await kubectl.ok('create clusterrole cr --verb=get --resource=namespaces --non-resource-url=/x')
    expect(await kubectl.ok('describe clusterrole cr')).toMatch(/ {2}namespaces +\[\] +\[\] +\[get\]$/)
    expect(await kubectl.fails('describe cm nope')).toBe('Error from server (NotFound): configmaps "nope" not found')
  })

  test.concurrent('get --raw and its siblings pass answers and errors on', async () => {
    const kubectl = await three()
    expect(await kubectl.ok('get --raw /healthz')).toBe('ok')
    expect(await kubectl.ok('get --raw /readyz')).toBe('ok')
    const path = '/api/v1/namespaces/default/configmaps'
    expect(JSON.parse(await kubectl.ok(`get --raw ${path}/a`))).toMatchObject({ metadata: { name: 'a' } })
    expect(await kubectl.fails(`get --raw ${path}/nope`)).toBe(
      'Error from server (NotFound): configmaps "nope" not found',
    )
    expect(await kubectl.fails('get --raw /apis/example.io/v2')).toBe(
      'Error from server (NotFound): the server could not find the requested resource',
    )
    await kubectl.file('d.json', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"d"}}')
    expect(JSON.parse(await kubectl.ok(`create --raw ${path} -f d.json`))).toMatchObject({ metadata: { name: 'd' } })
    expect(JSON.parse(await kubectl.ok(`delete --raw ${path}/d`))).toMatchObject({ status: 'Success' })
  })

  test.concurrent('events are listed', async () => {
    const kubectl = await kubectls.workspace()
    expect((await kubectl.run('events')).err).toBe('No events found in default namespace.\n')
    await kubectl.apply(`apiVersion: v1
kind: Event
metadata: {name: happened, namespace: default}
involvedObject: {kind: ConfigMap, name: a, namespace: default}
type: Warning
reason: Broken
message: it broke
lastTimestamp: 2026-01-01T00:00:00Z
`)
    expect(rows(await kubectl.ok('events'))[1]?.slice(1)).toEqual(['Warning', 'Broken', 'ConfigMap/a', 'it broke'])
    expect(rows(await kubectl.ok('get events'))[1]?.slice(1)).toEqual(['Warning', 'Broken', 'configmap/a', 'it broke'])
    expect(await kubectl.ok('get ev --field-selector involvedObject.name=a,reason=Broken -o name')).toBe(
      'event/happened',
    )
    expect(await kubectl.ok('get ev --field-selector reason=Fine -o name')).toBe('')
  })
})
