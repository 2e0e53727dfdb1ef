import { request } from 'node:https'
import { type Sandbox, type SandboxWorkspace, startSandbox } from '@resource-broker/sandbox'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

let sandbox: Sandbox
let workspace: SandboxWorkspace

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

// Each test has a Kubernetes API of its own: nothing has to be cleaned up between them.
beforeEach(async () => {
  workspace = await sandbox.createWorkspace()
})
afterEach(() => workspace.delete())

/** Any client takes `workspace.kubeconfig()`; this one needs no package. */
function call(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${sandbox.adminToken}`, 'content-type': 'application/json' }
    const sent = request(`${workspace.url}${path}`, { method, ca: sandbox.ca, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body && JSON.stringify(body))
  })
}

const greeting = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'greeting' } }

test.each(['one', 'another'])('%s test creates the same object in a workspace of its own', async () => {
  const created = await call('POST', '/api/v1/namespaces/default/configmaps', greeting)
  expect(created.status).toBe(201)
})
