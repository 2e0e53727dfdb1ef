import { expect, test } from 'vitest'
import { configMap, describeKubectl } from './support.ts'

await describeKubectl('patch, edit, label, wait and delete', (kubectls) => {
  async function one() {
    const kubectl = await kubectls.workspace()
    await kubectl.ok('create cm a --from-literal=k=v --from-literal=l=m')
    return kubectl
  }

  test.concurrent('patch in its three forms', async () => {
    const kubectl = await one()
    const patch = (type: string, body: unknown) => kubectl.ok(`patch cm a --type=${type} -p`, JSON.stringify(body))
    expect(await patch('strategic', { data: { k: '1' } })).toBe('configmap/a patched')
    expect(await patch('strategic', { data: { k: '1' } })).toBe('configmap/a patched (no change)')
    expect(await patch('merge', { data: { l: null } })).toBe('configmap/a patched')
    expect(await patch('json', [{ op: 'add', path: '/data/n', value: '2' }])).toBe('configmap/a patched')
    expect(await kubectl.ok('get cm a -o jsonpath={.data}')).toBe('{"k":"1","n":"2"}')
  })

  test.concurrent('a strategic patch merges lists by their keys, a merge patch replaces them', async () => {
    const kubectl = await kubectls.workspace()
    await kubectl.ok('create sa robot')
    const patch = (flags: string, name: string) =>
      kubectl.ok(`patch sa robot ${flags} -o jsonpath={.secrets[*].name} -p`, `{"secrets":[{"name":"${name}"}]}`)
    expect(await patch('', 'x')).toBe('x')
    expect(await patch('', 'y')).toBe('y x')
    expect(await patch('--type=merge', 'z')).toBe('z')
  })

  test.concurrent('patches that cannot be are refused', async () => {
    const kubectl = await one()
    const refusal = (flags: string, patch: string) => kubectl.fails(`patch cm a ${flags} -p`, patch)
    expect(await refusal('--type=json', '[{"op":"test","path":"/data/k","value":"22"}]')).toBe(
      'The request is invalid: the server rejected our request due to an error in our request',
    )
    expect(await refusal('--type=merge', '{"data":{"l":3}}')).toContain(
      'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    )
    expect(await refusal('--type=merge', '{"data":')).toContain('unexpected end of JSON input')
    expect(await refusal('--type=merge', '{"metadata":{"resourceVersion":"1"}}')).toBe(
      'Error from server (Conflict): Operation cannot be fulfilled on configmaps "a": the object has been modified; ' +
        'please apply your changes to the latest version and try again',
    )
    expect(await kubectl.run('patch cm a -p', '{"nope":{"l":3}}')).toEqual({
      code: 0,
      out: 'configmap/a patched (no change)\n',
      err: 'Warning: unknown field "nope"\n',
    })
    expect(await kubectl.ok('patch ns default --subresource=status -p', '{"status":{"phase":"Active"}}')).toBe(
      'namespace/default patched (no change)',
    )
  })

  test.concurrent('edit sends what the editor leaves', async () => {
    const kubectl = await one()
    await kubectl.editor("sed -i 's/k: v/k: edited/' $1")
    expect(await kubectl.ok('edit cm a')).toBe('configmap/a edited')
    expect(await kubectl.ok('get cm a -o jsonpath={.data.k}')).toBe('edited')
    expect(await kubectl.run('edit cm a')).toMatchObject({ code: 0, err: 'Edit cancelled, no changes made.\n' })
    await kubectl.editor("sed -i 's/name: a$/name: c/' $1")
    expect(await kubectl.fails('edit cm a')).toContain('error: At least one of apiVersion, kind and name was changed')
  })

  test.concurrent('label and annotate set, overwrite and remove', async () => {
    const kubectl = await one()
    expect(await kubectl.ok('label cm a x=y')).toBe('configmap/a labeled')
    expect(await kubectl.fails('label cm a x=z')).toBe("error: 'x' already has a value (y), and --overwrite is false")
    expect(await kubectl.ok('label cm a x=z --overwrite')).toBe('configmap/a labeled')
    expect(await kubectl.ok('label cm a x-')).toBe('configmap/a unlabeled')
    expect(await kubectl.fails('label cm a', 'b ad=z')).toContain(
      'The ConfigMap "a" is invalid: metadata.labels: Invalid value: "b ad": name part must consist of alphanumeric characters',
    )
    expect(await kubectl.ok('annotate cm a q=r')).toBe('configmap/a annotated')
    expect(await kubectl.ok('annotate cm a q=s --overwrite')).toBe('configmap/a annotated')
    expect(await kubectl.ok('get cm a -o jsonpath={.metadata.annotations.q}{.metadata.labels}')).toBe('s')
  })

  test.concurrent('wait ends when what it waits for is so', async () => {
    const kubectl = await one()
    expect(await kubectl.ok('wait cm/a --for=jsonpath={.data.k}=v --timeout=20s')).toBe('configmap/a condition met')
    const waiting = kubectl.ok('wait cm/a --for=jsonpath={.data.k}=later --timeout=20s')
    const leaving = kubectl.ok('wait cm/a --for=delete --timeout=20s')
    await kubectl.ok('patch cm a -p', '{"data":{"k":"later"}}')
    expect(await waiting).toBe('configmap/a condition met')
    await kubectl.ok('delete cm a')
    // It says nothing where the object went before it looked.
    expect(['configmap/a condition met', '']).toContain(await leaving)
    expect(await kubectl.fails('wait cm/a --for=jsonpath={.data.k}=v --timeout=20s')).toBe(
      'Error from server (NotFound): configmaps "a" not found',
    )
  })

  test.concurrent('wait gives up after its timeout', async () => {
    const kubectl = await one()
    const late = 'error: timed out waiting for the condition on configmaps/a'
    expect(await kubectl.fails('wait cm/a --for=jsonpath={.data.k}=never --timeout=2s')).toContain(late)
    expect(await kubectl.fails('wait cm/a --for=delete --timeout=2s')).toContain(late)
  })

  test.concurrent.each(['background', 'foreground', 'orphan'])('delete --cascade=%s', async (cascade) => {
    const kubectl = await kubectls.workspace()
    await kubectl.ok('create cm parent')
    const uid = await kubectl.ok('get cm parent -o jsonpath={.metadata.uid}')
    const owner = `{apiVersion: v1, kind: ConfigMap, name: parent, uid: ${uid}, blockOwnerDeletion: true}`
    await kubectl.apply(`${configMap('child').replace('{name: child}', `{name: child, ownerReferences: [${owner}]}`)}`)
    expect(await kubectl.ok(`delete cm parent --cascade=${cascade}`)).toBe(
      'configmap "parent" deleted from default namespace',
    )
    if (cascade === 'orphan') {
      expect(await kubectl.ok('get cm child -o jsonpath={.metadata.name}{.metadata.ownerReferences}')).toBe('child')
    } else {
      await kubectl.ok('wait cm/child --for=delete --timeout=20s')
      expect(await kubectl.fails('get cm child')).toBe('Error from server (NotFound): configmaps "child" not found')
    }
  })

  test.concurrent('delete takes several, selected and all of a namespace', async () => {
    const kubectl = await one()
    const both = await kubectl.run('delete cm a nope')
    expect(both).toEqual({
      code: 1,
      out: 'configmap "a" deleted from default namespace\n',
      err: 'Error from server (NotFound): configmaps "nope" not found\n',
    })
    await kubectl.ok('create ns n1')
    await kubectl.ok('create cm inside -n n1')
    expect(await kubectl.ok('delete cm inside -n n1 --dry-run=server')).toBe(
      'configmap "inside" deleted from n1 namespace (server dry run)',
    )
    expect(await kubectl.ok('get cm inside -n n1 -o name')).toBe('configmap/inside')
    expect(await kubectl.ok('delete ns n1')).toBe('namespace "n1" deleted')
    expect(await kubectl.fails('get cm inside -n n1')).toBe('Error from server (NotFound): namespaces "n1" not found')
    await kubectl.apply([configMap('p', {}, { set: 'p' }), configMap('q')].join('---\n'))
    expect(await kubectl.ok('delete cm -l set=p')).toBe('configmap "p" deleted from default namespace')
    expect(await kubectl.ok('delete cm --all --wait=false')).toContain('configmap "q" deleted from default namespace')
  })
})
