import { expect, test } from 'vitest'
import { configMap, describeKubectl } from './support.ts'

const CONFLICTS = `error: Apply failed with 2 conflicts: conflicts with "kubectl":
- .data.k
conflicts with "other":
- .data.k
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:`

await describeKubectl('apply, diff, create and replace', (kubectls) => {
  test.concurrent('applies on the client side: created, unchanged, configured', async () => {
    const kubectl = await kubectls.workspace()
    expect(await kubectl.apply(configMap('a', { k: 'v', gone: 'soon' }))).toBe('configmap/a created')
    expect(await kubectl.apply(configMap('a', { k: 'v', gone: 'soon' }))).toBe('configmap/a unchanged')
    expect(await kubectl.apply(configMap('a', { k: 'w' }), '--dry-run=server')).toBe(
      'configmap/a configured (server dry run)',
    )
    expect(await kubectl.ok('get cm a -o jsonpath={.data}')).toBe('{"gone":"soon","k":"v"}')
    expect(await kubectl.apply(configMap('a', { k: 'w' }))).toBe('configmap/a configured')
    expect(await kubectl.ok('get cm a -o jsonpath={.data}')).toBe('{"k":"w"}')
    expect(JSON.parse(await kubectl.ok('apply view-last-applied cm/a -o json'))).toMatchObject({ data: { k: 'w' } })
  })

  test.concurrent('applies on the server side, with conflicts and with force', async () => {
    const kubectl = await kubectls.workspace()
    expect(await kubectl.apply(configMap('a', { k: 'v', l: 'm' }), '--server-side')).toBe(
      'configmap/a serverside-applied',
    )
    await kubectl.apply(configMap('a', { k: 'v', l: 'm' }), '--server-side --field-manager=other')
    await kubectl.file('third.yaml', configMap('a', { k: 'z' }))
    const third = 'apply -f third.yaml --server-side --field-manager=third'
    expect(await kubectl.fails(third)).toContain(CONFLICTS)
    expect(await kubectl.ok(`${third} --force-conflicts`)).toBe('configmap/a serverside-applied')
    const path = '{range .metadata.managedFields[*]}{.manager}:{.operation}:{.fieldsV1.f:data} {end}'
    const fields = await kubectl.ok('get cm a --show-managed-fields -o', `jsonpath=${path}`)
    expect(fields.split(' ').toSorted()).toEqual([
      'kubectl:Apply:{"f:l":{}}',
      'other:Apply:{"f:l":{}}',
      'third:Apply:{"f:k":{}}',
    ])
    await kubectl.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n', '--server-side --field-manager=third')
    expect(await kubectl.ok('get cm a -o jsonpath={.data}')).toBe('{"l":"m"}')
  })

  test.concurrent('shows a diff, and says by its exit code whether there is one', async () => {
    const kubectl = await kubectls.workspace()
    await kubectl.apply(configMap('a', { k: 'v' }))
    expect(await kubectl.run('diff -f applied.yaml')).toEqual({ code: 0, out: '', err: '' })
    await kubectl.file('changed.yaml', configMap('a', { k: 'w', l: 'm' }))
    const { code, out } = await kubectl.run('diff -f changed.yaml')
    expect(code).toBe(1)
    expect(out).toContain(' apiVersion: v1\n data:\n-  k: v\n+  k: w\n+  l: m\n kind: ConfigMap\n')
    const conflict = await kubectl.run('diff -f changed.yaml --server-side --field-manager=other')
    expect(conflict.code).toBe(2)
    expect(conflict.err).toContain(
      'Error from server (Conflict): Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.k',
    )
    await kubectl.file('new.yaml', configMap('new', { k: 'v' }))
    expect((await kubectl.run('diff -f new.yaml')).out).toContain('+kind: ConfigMap')
    expect(await kubectl.ok('get cm new --ignore-not-found')).toBe('')
  })

  test.concurrent('refuses unknown fields in strict validation, warns, or ignores them', async () => {
    const kubectl = await kubectls.workspace()
    await kubectl.file('v.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v, lables: {a: x}}\ndta: {k: v}\n')
    const refused =
      'Error from server (BadRequest): error when creating "v.yaml": ConfigMap in version "v1" cannot be handled as a ConfigMap: ' +
      'strict decoding error: unknown field "dta", unknown field "metadata.lables"'
    expect(await kubectl.fails('apply -f v.yaml')).toBe(refused)
    expect(await kubectl.fails('create -f v.yaml --validate=strict --dry-run=server')).toBe(refused)
    expect(await kubectl.fails('apply -f v.yaml --server-side')).toBe(
      'Error from server: failed to create typed patch object (default/v; /v1, Kind=ConfigMap): .dta: field not declared in schema',
    )
    expect(await kubectl.run('apply -f v.yaml --validate=warn')).toEqual({
      code: 0,
      out: 'configmap/v created\n',
      err: 'Warning: unknown field "dta"\nWarning: unknown field "metadata.lables"\n',
    })
    expect(await kubectl.run('apply -f v.yaml --validate=ignore')).toEqual({
      code: 0,
      out: 'configmap/v configured\n',
      err: '',
    })
  })

  test.concurrent('tells what is wrong with an object', async () => {
    const kubectl = await kubectls.workspace()
    const refusal = async (text: string) => {
      await kubectl.file('bad.yaml', text)
      return kubectl.fails('apply -f bad.yaml')
    }
    expect(await refusal('apiVersion: v1\nkind: Nope\nmetadata: {name: x}\n')).toBe(
      'error: resource mapping not found for name: "x" namespace: "" from "bad.yaml": no matches for kind "Nope" in version "v1"\n' +
        'ensure CRDs are installed first',
    )
    expect(await refusal(configMap('Bad_Name'))).toBe(
      'The ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of ' +
        "lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', " +
        "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    )
    expect(await refusal('apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: "%%"}\n')).toBe(
      'Error from server (BadRequest): error when creating "bad.yaml": Secret in version "v1" cannot be handled as a Secret: ' +
        'illegal base64 data at input byte 0',
    )
  })

  test.concurrent('applies several documents, and prunes what is no longer among them', async () => {
    const kubectl = await kubectls.workspace()
    const labels = { set: 'p' }
    const both = `${configMap('p1', {}, labels)}---\n${configMap('p2', {}, labels)}`
    expect(await kubectl.apply(both)).toBe('configmap/p1 created\nconfigmap/p2 created')
    await kubectl.apply(configMap('other'))
    const flags = '--prune -l set=p --prune-allowlist=core/v1/ConfigMap'
    expect(await kubectl.apply(configMap('p1', {}, labels), flags)).toBe('configmap/p1 unchanged\nconfigmap/p2 pruned')
    expect(await kubectl.ok('get cm -o name')).toBe('configmap/kube-root-ca.crt\nconfigmap/other\nconfigmap/p1')
  })

  test.concurrent('applies and deletes a kustomization', async () => {
    const kubectl = await kubectls.workspace()
    const kustomization = 'namePrefix: z-\nconfigMapGenerator: [{name: g, literals: [a=b]}]\nresources: [r.yaml]\n'
    await kubectl.file('base/kustomization.yaml', kustomization)
    await kubectl.file('base/r.yaml', configMap('a', { k: 'v' }))
    const applied = await kubectl.ok('apply -k base')
    expect(applied).toMatch(/^configmap\/z-a created\nconfigmap\/z-g-\w+ created$/)
    expect(await kubectl.ok('delete -k base')).toMatch(
      /^configmap "z-a" deleted from default namespace\nconfigmap "z-g-\w+" deleted from default namespace$/,
    )
  })

  test.concurrent('creates what is not there and replaces what is', async () => {
    const kubectl = await kubectls.workspace()
    await kubectl.file('a.yaml', configMap('a', { k: 'v' }))
    expect(await kubectl.fails('replace -f a.yaml')).toBe(
      'Error from server (NotFound): error when replacing "a.yaml": configmaps "a" not found',
    )
    expect(await kubectl.ok('create -f a.yaml --dry-run=server')).toBe('configmap/a created (server dry run)')
    expect(await kubectl.ok('create -f a.yaml')).toBe('configmap/a created')
    expect(await kubectl.fails('create -f a.yaml')).toBe(
      'Error from server (AlreadyExists): error when creating "a.yaml": configmaps "a" already exists',
    )
    const stale = `${await kubectl.ok('get cm a -o yaml')}\n`
    await kubectl.file('a.yaml', configMap('a', { k: 'w' }))
    expect(await kubectl.ok('replace -f a.yaml')).toBe('configmap/a replaced')
    await kubectl.file('stale.yaml', stale)
    expect(await kubectl.fails('replace -f stale.yaml')).toBe(
      'Error from server (Conflict): error when replacing "stale.yaml": Operation cannot be fulfilled on configmaps "a": ' +
        'the object has been modified; please apply your changes to the latest version and try again',
    )
    const uid = await kubectl.ok('get cm a -o jsonpath={.metadata.uid}')
    expect(await kubectl.ok('replace --force -f a.yaml')).toBe(
      'configmap "a" deleted from default namespace\nconfigmap/a replaced',
    )
    expect(await kubectl.ok('get cm a -o jsonpath={.metadata.uid}')).not.toBe(uid)
  })
})
