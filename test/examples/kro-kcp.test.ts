import { type KubeObject, waitFor } from '@resource-broker/testbed'
import { describe, expect, test } from 'vitest'
import { prepare } from '../../examples/kro-kcp/run.ts'
import { followedReadme } from '../support/followed-readme.ts'

const DEFINITION = 'rgd/somethings.example.platform-mesh.io'

describe('examples/kro-kcp, when its README was followed', () => {
  const { said, run } = followedReadme(prepare)

  const get = async <T = KubeObject>(what: string): Promise<T> => JSON.parse(await run(`kubectl ${what} -o json`)) as T
  const names = async (what: string) =>
    (await get<{ items: KubeObject[] }>(what)).items.map(({ metadata }) => metadata.name)
  const change = (patch: object[]) =>
    run(`kubectl --context provider-team patch ${DEFINITION} --type json -p '${JSON.stringify(patch)}'`)
  /** kubectl of the provider at one consumer, or at all. */
  const seenAt = (cluster: string) => `--context provider-team --server="$view/clusters/${cluster}"`

  test('each team had what kro made of its own object, until it deleted the object', async () => {
    expect(said).toContain('  {"elements":"a,b,c,d","name":"app3","number":"100"}')
    expect((await get('--context team-2 get configmap first-something'))['data']).toEqual({
      elements: 'a,b,c,d',
      name: 'of team-2',
      number: '100',
    })
    expect(await names('--context team-1 get configmaps')).toEqual(['kube-root-ca.crt', 'of-team-1'])
    expect(await names('--context team-1 get somethings')).toEqual([])
  })

  test('kro looks after what it made', async () => {
    const { metadata } = await get('--context team-2 get configmap first-something')
    await run('kubectl --context team-2 delete configmap first-something')
    const again = await waitFor('the ConfigMap is there again', async () => {
      const found = (await get<{ items: KubeObject[] }>('--context team-2 get configmaps')).items
      return found.find(({ metadata: { name } }) => name === metadata.name)
    })
    expect(again.metadata['uid']).not.toBe(metadata['uid'])
  })

  test('a changed definition reaches the objects of all teams', async () => {
    await run('kubectl --context team-1 apply -f examples/kro-kcp/consumer/something.yaml')
    await change([{ op: 'add', path: '/spec/resources/0/template/data/since', value: 'today' }])
    for (const team of ['team-1', 'team-2']) {
      await run(`kubectl --context ${team} wait --for=create configmap/first-something --timeout=60s`)
      const wait = 'wait --for=jsonpath={.data.since}=today configmap/first-something --timeout=60s'
      await run(`kubectl --context ${team} ${wait}`)
    }
    expect((await get(`--context provider-team get ${DEFINITION}`))['status'].state).toBe('Active')
  })

  test('a new field is there for the consumers when its schema was published', async () => {
    await change([
      { op: 'add', path: '/spec/schema/spec/color', value: 'string | default="grey"' },
      { op: 'add', path: '/spec/resources/0/template/data/color', value: '${schema.spec.color}' },
    ])
    // The kros of the consumers keep the CRD in the provider's workspace up to date too.
    const [crd, field] = [
      'crd somethings.example.platform-mesh.io',
      '.spec.versions[0].schema.openAPIV3Schema.properties.spec',
    ]
    const waited = `kubectl --context provider-team wait --for=jsonpath='{${field}.properties.color}' ${crd} --timeout=60s`
    await run(waited)
    const snapshot = 'npm run -s exec -- node examples/kro-kcp/src/snapshot.ts v2'
    const apply = 'kubectl --context provider-team apply -f -'
    await run(`kubectl --context provider-team get ${crd} -o json | ${snapshot} | ${apply}`)
    const schema = [
      { op: 'replace', path: '/spec/resources/0/schema', value: 'v2.somethings.example.platform-mesh.io' },
    ]
    const published = `kubectl --context provider-team patch apiexport somethings --type json -p '${JSON.stringify(schema)}'`
    await run(published)
    const patch = `kubectl --context team-2 patch something first --type merge -p '{"spec":{"color":"blue"}}'`
    await waitFor('the field is known', async () => {
      await run(patch)
      return (await get('--context team-2 get something first'))['spec'].color === 'blue'
    })
    const wait = `wait --for=jsonpath={.data.color}=blue configmap/first-something --timeout=60s`
    await run(`kubectl --context team-2 ${wait}`)
  })

  test('the provider sees of the consumers what kro made there, and no more', async () => {
    expect(await names(`${seenAt('*')} get somethings -A`)).toEqual(['first', 'first'])
    expect(await names(`${seenAt('$(cat .tmp/kro-kcp/team-2)')} get configmaps -A`)).toEqual(['first-something'])
    const hidden = `kubectl ${seenAt('$(cat .tmp/kro-kcp/team-1)')} get configmap of-team-1`
    expect(await run(`! ${hidden}`)).toContain('"of-team-1" not found')
    const direct = 'kubectl --context team-1 --user user-1 get configmaps'
    expect(await run(`! ${direct}`)).toContain('Forbidden')
  })

  test('the consumers see nothing of kro and of the provider', async () => {
    expect(await run('kubectl --context team-1 api-resources --api-group=kro.run -o name')).toBe('')
    expect(await names('--context team-1 get crd')).toEqual([])
    expect(await run('! kubectl --context provider-team --user user-2 get rgd')).toContain('Forbidden')
  })

  test('the provider has the definition, its revisions and the CRD, and no object of a consumer', async () => {
    const revisions = await names('--context provider-team get graphrevisions')
    expect(revisions).toEqual(
      ['r00001', 'r00002', 'r00003'].map((revision) => `somethings.example.platform-mesh.io-${revision}`),
    )
    expect(await names('--context provider-team get somethings -A')).toEqual([])
  })
})
