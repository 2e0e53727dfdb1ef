import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeKubectl, rows } from './support.ts'

const CSR = readFileSync(new URL('client.csr', import.meta.url))
const NO_ACCESS = 'access denied'

await describeKubectl('with users, roles and tokens', (kubectls) => {
  /** A workspace that jane may enter (kcp's verb `access`) and in which she may read ConfigMaps. */
  async function janes() {
    const kubectl = await kubectls.workspace()
    const role = 'system:kcp:workspace:access'
    await kubectl.ok(`create clusterrolebinding enter --clusterrole=${role} --user=jane --group=visitors`)
    await kubectl.ok('create role reader --verb=get,list,watch --resource=configmaps')
    await kubectl.ok('create rolebinding jane --role=reader --user=jane')
    return kubectl
  }

  test.concurrent('create makes each kind that it has a form for', async () => {
    const kubectl = await kubectls.workspace()
    expect(await kubectl.ok('create ns n1')).toBe('namespace/n1 created')
    expect(await kubectl.ok('create cm c --from-literal=a=b')).toBe('configmap/c created')
    expect(await kubectl.fails('create cm c')).toBe('error: failed to create configmap: configmaps "c" already exists')
    expect(await kubectl.ok('create secret generic s --from-literal=p=q')).toBe('secret/s created')
    expect(await kubectl.ok('get secret s -o jsonpath={.data.p}')).toBe(Buffer.from('q').toString('base64'))
    expect(await kubectl.ok('create quota q --hard=configmaps=2')).toBe('resourcequota/q created')
    expect(await kubectl.ok('create sa robot')).toBe('serviceaccount/robot created')
    expect(await kubectl.ok('create role r --verb=get --resource=configmaps,secrets')).toBe(
      'role.rbac.authorization.k8s.io/r created',
    )
    expect(await kubectl.fails('create role r2 --verb=get --resource=nonsense')).toBe(
      'the server doesn\'t have a resource type "nonsense"',
    )
    expect(await kubectl.ok('create rolebinding rb --role=r --serviceaccount=default:robot')).toBe(
      'rolebinding.rbac.authorization.k8s.io/rb created',
    )
    expect(await kubectl.ok('create clusterrole cr --verb=get --resource=namespaces')).toBe(
      'clusterrole.rbac.authorization.k8s.io/cr created',
    )
    expect(await kubectl.ok('create clusterrolebinding crb --clusterrole=cr --group=g')).toBe(
      'clusterrolebinding.rbac.authorization.k8s.io/crb created',
    )
  })

  test.concurrent('--as is refused what the user may not', async () => {
    const kubectl = await janes()
    expect(await kubectl.fails('get cm --as nobody')).toBe(
      'Error from server (Forbidden): configmaps is forbidden: User "nobody" cannot list resource "configmaps" ' +
        `in API group "" in the namespace "default": ${NO_ACCESS}`,
    )
    expect(await kubectl.ok('get cm -o name --as jane')).toBe('configmap/kube-root-ca.crt')
    expect(await kubectl.fails('create cm x --as jane')).toBe(
      'error: failed to create configmap: configmaps is forbidden: User "jane" cannot create resource "configmaps" ' +
        `in API group "" in the namespace "default": ${NO_ACCESS}`,
    )
    expect(await kubectl.fails('get ns --as jane')).toContain(
      'namespaces is forbidden: User "jane" cannot list resource "namespaces" in API group "" at the cluster scope',
    )
    expect(await kubectl.fails('get cm --as-group=devs')).toBe(
      'error: requesting uid, groups or user-extra for kcp-admin without impersonating a user',
    )
  })

  test.concurrent('nobody gives away more than they have', async () => {
    const kubectl = await janes()
    await kubectl.ok('create role givers --verb=create --resource=roles.rbac.authorization.k8s.io')
    await kubectl.ok('create rolebinding givers --role=givers --user=jane')
    expect(await kubectl.ok('create role given --verb=get --resource=configmaps --as jane')).toBe(
      'role.rbac.authorization.k8s.io/given created',
    )
    expect(await kubectl.fails('create role taken --verb=get --resource=secrets --as jane')).toContain(
      'roles.rbac.authorization.k8s.io "taken" is forbidden: user "jane"',
    )
  })

  test.concurrent('auth can-i and auth whoami answer for the user', async () => {
    const kubectl = await janes()
    expect(await kubectl.ok('auth can-i create secrets')).toBe('yes')
    expect(await kubectl.ok('auth can-i list cm --as jane')).toBe('yes')
    const denied = await kubectl.run('auth can-i delete cm --as jane')
    expect(denied).toMatchObject({ code: 1, out: expect.stringMatching(/^no\b/) })
    const visitor = await kubectl.run('auth can-i get cm --as somebody --as-group visitors --as-group others')
    expect(visitor).toMatchObject({ code: 1, out: expect.stringMatching(/^no\b/) })
    expect(await kubectl.fails('auth can-i get cm --as nobody')).toContain(NO_ACCESS)
    const list = await kubectl.ok('auth can-i --list --as jane')
    expect(list).toMatch(/^Resources +Non-Resource URLs +Resource Names +Verbs$/m)
    expect(list).toMatch(/^configmaps +\[\] +\[\] +\[get list watch\]$/m)
    const who = await kubectl.ok('auth whoami --as jane --as-group=devs --as-group=ops -o yaml')
    expect(who).toContain('    groups:\n    - devs\n    - ops\n    - system:authenticated\n')
    expect(who).toContain('    username: jane')
    expect(rows(await kubectl.ok('auth whoami'))[1]).toEqual(['Username', 'kcp-admin'])
  })

  test.concurrent('a token of a service account is that account', async () => {
    const kubectl = await kubectls.workspace()
    expect(await kubectl.fails('create token robot')).toBe(
      'error: failed to create token: serviceaccounts "robot" not found',
    )
    await kubectl.ok('create sa robot')
    await kubectl.ok('create role reader --verb=list --resource=configmaps')
    await kubectl.ok('create rolebinding reader --role=reader --serviceaccount=default:robot')
    const token = await kubectl.ok('create token robot --duration=1h')
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({ sub: 'system:serviceaccount:default:robot' })
    expect(claims.exp - claims.iat).toBe(3600)
    const server = `--server=${kubectls.sandbox.url}/clusters/${kubectl.cluster}`
    const ca = await kubectl.file('ca.pem', kubectls.sandbox.ca)
    const robot = `--kubeconfig=/dev/null ${server} --certificate-authority=${ca} --token=${token}`
    expect(await kubectl.ok(`get cm -n default -o name ${robot}`)).toBe('configmap/kube-root-ca.crt')
    expect(await kubectl.fails(`get secrets -n default ${robot}`)).toContain(
      'User "system:serviceaccount:default:robot" cannot list resource "secrets" in API group "" in the namespace "default"',
    )
    const other = await kubectl.ok('create token robot --audience=others')
    expect(await kubectl.fails(`get cm -n default ${robot.replace(token, other)}`)).toContain(
      'You must be logged in to the server',
    )
  })

  test.concurrent('certificate requests are approved once', async () => {
    const kubectl = await kubectls.workspace()
    await kubectl.apply(`apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: jane}
spec:
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
  request: ${CSR.toString('base64')}
`)
    const state = async () => rows(await kubectl.ok('get csr jane'))[1]?.slice(2)
    expect(await state()).toEqual(['kubernetes.io/kube-apiserver-client', 'kcp-admin', '<none>', 'Pending'])
    expect(await kubectl.ok('certificate approve jane')).toBe(
      'certificatesigningrequest.certificates.k8s.io/jane approved',
    )
    expect((await state())?.at(-1)).toBe('Approved')
    expect(await kubectl.fails('certificate deny jane')).toBe(
      'error: certificate signing request "jane" is already Approved',
    )
    expect(await kubectl.fails('certificate approve nope')).toBe(
      'Error from server (NotFound): certificatesigningrequests.certificates.k8s.io "nope" not found',
    )
  })
})
