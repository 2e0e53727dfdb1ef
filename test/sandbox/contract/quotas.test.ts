import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, createExport, WIDGETS_IN_DEFAULT, widget } from './exports-support.ts'
import { type Api, adminOf, createWorkspace, messageOf } from './support.ts'

describe('ResourceQuotas', () => {
  let sandbox: Sandbox
  let admin: Api
  let consumer: string

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    const provider = (await createWorkspace(admin, 'root', 'provider', { type: 'universal' })).spec.cluster
    consumer = (await createWorkspace(admin, 'root', 'consumer', { type: 'universal' })).spec.cluster
    await createExport(admin, provider, 'widgets')
    await bind(admin, consumer, ['root:provider', 'widgets'])
  })
  afterAll(() => sandbox.close())

  test('9.2 limit the number of objects of bound types too, in their own workspace', async () => {
    const quotas = `/clusters/${consumer}/api/v1/namespaces/default/resourcequotas`
    const name = 'count/widgets.example.io'
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few' },
      spec: { hard: { [name]: '1' } },
    }
    await admin.create(quotas, quota)
    const used = (amount: string) =>
      waitFor(`${amount} used`, async () => {
        const { status } = await admin.get(`${quotas}/few`)
        return (status?.['used'] as Record<string, string> | undefined)?.[name] === amount
      })
    await used('0')
    const path = `/clusters/${consumer}/${WIDGETS_IN_DEFAULT}`
    await admin.create(path, widget('one'))
    const answer = await admin.call('POST', path, { body: widget('two') })
    expect([answer.status, messageOf(answer)]).toEqual([
      403,
      `widgets.example.io "two" is forbidden: exceeded quota: few, requested: ${name}=1, used: ${name}=1, limited: ${name}=1`,
    ])
    await used('1')
    await admin.json('DELETE', `${path}/one`)
    await admin.create(path, widget('two'))
  })
})
