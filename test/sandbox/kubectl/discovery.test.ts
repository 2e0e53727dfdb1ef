import { expect, test } from 'vitest'
import { describeKubectl, rows } from './support.ts'

await describeKubectl('explain, api-resources and version', (kubectls) => {
  test.concurrent('explain tells of built-in kinds and their fields', async () => {
    const kubectl = await kubectls.workspace()
    const explained = await kubectl.ok('explain configmap')
    expect(explained).toContain('KIND:       ConfigMap\nVERSION:    v1\n')
    expect(explained).toContain('  data\t<map[string]string>\n    Data contains the configuration data.')
    const owners = await kubectl.ok('explain configmap.metadata.ownerReferences')
    expect(owners).toContain('FIELD: ownerReferences <[]OwnerReference>\n')
    expect(owners).toContain('  uid\t<string> -required-\n')
    expect(await kubectl.ok('explain secret --recursive')).toContain(
      '  metadata\t<ObjectMeta>\n    annotations\t<map[string]string>\n',
    )
    expect(await kubectl.ok('explain crd.spec.names')).toContain('  plural\t<string> -required-\n')
    expect(await kubectl.fails('explain cm.nope')).toBe('error: field "nope" does not exist')
    expect(await kubectl.fails('explain nope')).toBe('the server doesn\'t have a resource type "nope"')
  })

  test.concurrent('explain also reads OpenAPI v2', async () => {
    const kubectl = await kubectls.workspace()
    const explained = await kubectl.ok('explain quota.spec --output=plaintext-openapiv2')
    expect(explained).toContain('KIND:     ResourceQuota\nVERSION:  v1\n\nRESOURCE: spec <Object>\n')
    expect(explained).toContain('   hard\t<map[string]string>\n')
  })

  test.concurrent('api-resources and api-versions list what the workspace serves', async () => {
    const kubectl = await kubectls.workspace()
    const [head, ...resources] = rows(await kubectl.ok('api-resources'))
    expect(head).toEqual(['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND'])
    expect(resources).toContainEqual(['configmaps', 'cm', 'v1', 'true', 'ConfigMap'])
    expect(resources).toContainEqual(['apibindings', 'apis.kcp.io/v1alpha2', 'false', 'APIBinding'])
    expect(await kubectl.ok('api-resources --namespaced=false -o name --api-group=rbac.authorization.k8s.io')).toBe(
      'clusterrolebindings.rbac.authorization.k8s.io\nclusterroles.rbac.authorization.k8s.io',
    )
    const versions = (await kubectl.ok('api-versions')).split('\n')
    expect(versions).toEqual(expect.arrayContaining(['v1', 'apis.kcp.io/v1alpha1', 'tenancy.kcp.io/v1alpha1']))
    expect(versions).not.toContain('apps/v1')
  })

  test.concurrent('version and cluster-info tell who serves', async () => {
    const kubectl = await kubectls.workspace()
    const { serverVersion } = JSON.parse(await kubectl.ok('version -o json')) as { serverVersion: object }
    expect(serverVersion).toMatchObject({ major: '1', gitVersion: expect.stringMatching(/^v1\.\d+\.\d+\+kcp/) })
    // As in kcp there are no Services that it could list.
    expect(await kubectl.fails('cluster-info')).toBe('error: the server doesn\'t have a resource type "services"')
  })

  test.concurrent('what a workspace does not serve is refused in discovery', async () => {
    const kubectl = await kubectls.workspace()
    expect(await kubectl.fails('create deployment d --image=x')).toBe(
      'error: failed to create deployment: the server could not find the requested resource (post deployments.apps)',
    )
    expect(await kubectl.fails('run p --image=x')).toBe('error: no matches for kind "Pod" in version "v1"')
    expect(await kubectl.fails('get all')).toBe('error: the server doesn\'t have a resource type "all"')
  })
})
