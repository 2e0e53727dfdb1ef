import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebhookServer } from '../differential/webhook-server.ts'
import { bind, createExport, WIDGETS_IN_DEFAULT, widget } from './exports-support.ts'
import {
  type Api,
  CONFIG_MAPS,
  configMap,
  createWorkspace,
  type Json,
  type KubeObject,
  messageOf,
  shardOf,
} from './support.ts'

const ADMISSION = 'apis/admissionregistration.k8s.io/v1'
const WIDGET_RULE = { apiGroups: ['example.io'], apiVersions: ['*'], resources: ['widgets'] }

const SECRETS = 'api/v1/namespaces/default/secrets'
const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name } })

/** A configuration with one webhook, about creates of widgets and Secrets. */
function hook(kind: string, clientConfig: Json): object {
  const rules = [WIDGET_RULE, { apiGroups: [''], apiVersions: ['*'], resources: ['secrets'] }]
  const webhook = {
    ...{ name: 'hook.hooks.example.io', clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'] },
    rules: rules.map((rule) => ({ ...rule, operations: ['CREATE'] })),
  }
  return {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: `${kind}WebhookConfiguration` },
    ...{ metadata: { name: 'hook' }, webhooks: [webhook] },
  }
}

describe('15.6 policies act in their workspace, and through a binding', () => {
  let sandbox: Sandbox
  let root: Api
  let away: Api
  let provider: string
  /** On the second shard, of an export on the first one. */
  let consumer: string

  const on = (name: string) => ({ location: { selector: { matchLabels: { name } } } })

  /** A policy with its binding that refuses widgets and ConfigMaps where `expression` is false. */
  async function refuse(api: Api, cluster: string, name: string, expression: string, more: Json = {}): Promise<void> {
    const { paramKind, paramRef } = more
    const rules = [WIDGET_RULE, { apiGroups: [''], apiVersions: ['*'], resources: ['configmaps'] }]
    await api.create(`/clusters/${cluster}/${ADMISSION}/validatingadmissionpolicies`, {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name } },
      spec: {
        ...(paramKind !== undefined && { paramKind }),
        matchConstraints: { resourceRules: rules.map((rule) => ({ ...rule, operations: ['CREATE'] })) },
        validations: [{ expression, message: `refused by ${name}` }],
      },
    })
    await api.create(`/clusters/${cluster}/${ADMISSION}/validatingadmissionpolicybindings`, {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding' },
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'], ...(paramRef !== undefined && { paramRef }) },
    })
  }

  beforeAll(async () => {
    sandbox = await startSandbox({ shards: 2 })
    root = shardOf(sandbox, 0)
    away = shardOf(sandbox, 1)
    const type = 'universal'
    provider = (await createWorkspace(root, 'root', 'provider', { type, spec: on('root') })).spec.cluster
    consumer = (await createWorkspace(root, 'root', 'consumer', { type, spec: on('shard-1') })).spec.cluster
    await createExport(root, provider, 'widgets')
    await root.create(`/clusters/${provider}/${CONFIG_MAPS}`, { ...configMap('limits'), data: { name: 'forbidden' } })
    await bind(away, consumer, ['root:provider', 'widgets'])
  })
  afterAll(() => sandbox.close())

  const widgets = () => `/clusters/${consumer}/${WIDGETS_IN_DEFAULT}`
  const refused = (path: string, body: object) =>
    waitFor('it is refused', async () => {
      const answer = await away.call('POST', `${path}?dryRun=All`, { body })
      return answer.status === 422 ? messageOf(answer) : undefined
    })

  test('15.6 those of the provider hold for what it exports, and see the namespace of the consumer', async () => {
    await refuse(root, provider, 'small', 'object.spec.size < 5 && has(namespaceObject.metadata.name)')
    expect(await refused(widgets(), widget('big', { size: 6 }))).toContain('refused by small')
    await away.create(widgets(), widget('fits', { size: 1 }))
  })

  test('15.6 its parameters are in its own workspace', async () => {
    await refuse(root, provider, 'named', 'object.metadata.name != params.data.name', {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' },
    })
    expect(await refused(widgets(), widget('forbidden', { size: 1 }))).toContain('refused by named')
    await away.create(widgets(), widget('allowed', { size: 1 }))
  })

  test('15.6 those of the consumer hold for its own types, and not for bound ones', async () => {
    await refuse(away, consumer, 'never', 'false')
    expect(await refused(`/clusters/${consumer}/${CONFIG_MAPS}`, configMap('mine'))).toContain('refused by never')
    await away.create(widgets(), widget('free', { size: 1 }))
  })

  test('15.6 webhooks of the provider are asked about what it exports, and learn where the object is', async () => {
    const webhooks = await WebhookServer.start()
    try {
      const configuration = (kind: string, path: string) =>
        hook(kind, { url: `${webhooks.url}${path}`, caBundle: webhooks.caBundle })
      const configurations = `/clusters/${provider}/${ADMISSION}`
      await root.create(`${configurations}/validatingwebhookconfigurations`, configuration('Validating', '/warn'))
      await root.create(`${configurations}/mutatingwebhookconfigurations`, configuration('Mutating', '/size'))
      const answer = await away.call('POST', widgets(), { body: widget('hooked', { size: 1 }) })
      expect([answer.status, answer.headers['warning']]).toEqual([201, expect.stringContaining('from the webhook')])
      expect(JSON.parse(answer.text).spec.size).toBe(2)
      const asked = webhooks.take('default').map(({ path, review: { request } }) => {
        const { metadata, spec } = request['object'] as KubeObject
        return [path, metadata.annotations?.['kcp.io/cluster'], spec?.['size']]
      })
      expect(asked).toEqual([
        ['/size', consumer, 1],
        ['/warn', consumer, 2],
      ])
      await away.create(`/clusters/${consumer}/${SECRETS}`, secret('unasked'))
      expect(webhooks.take('default')).toEqual([])
    } finally {
      for (const kind of ['validating', 'mutating']) {
        await root.call('DELETE', `/clusters/${provider}/${ADMISSION}/${kind}webhookconfigurations/hook`)
      }
      await webhooks.stop()
    }
  })

  test('a webhook that is a Service is kept with a warning, and fails whenever it is to be called', async () => {
    const configurations = `/clusters/${consumer}/${ADMISSION}/validatingwebhookconfigurations`
    const service = { name: 'judge', namespace: 'default' }
    const kept = await away.call('POST', configurations, { body: hook('Validating', { service }) })
    expect([kept.status, kept.headers['warning']]).toEqual([201, expect.stringContaining('no Services')])
    const refusal = await away.call('POST', `/clusters/${consumer}/${SECRETS}`, { body: secret('asked') })
    expect([refusal.status, messageOf(refusal)]).toEqual([500, expect.stringContaining('service "judge" not found')])
    await away.call('DELETE', `${configurations}/hook`)
  })

  test('15.6 those of a provider whose shard is away go on', async () => {
    await sandbox.shards[0]!.stop()
    const answer = await away.call('POST', widgets(), { body: widget('bigger', { size: 7 }) })
    expect([answer.status, messageOf(answer)]).toEqual([422, expect.stringContaining('refused by small')])
    await sandbox.shards[0]!.start()
  })
})
