import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane, waitFor } from '@resource-broker/testbed'
import { parse } from 'yaml'

// biome-ignore lint/suspicious/noExplicitAny: bodies of requests and answers of any shape
export type Any = any

const GROUP = 'vectors.example.io'
const VERSIONS = ['v1', 'v1beta1']
const TYPES: Record<string, [apiVersion: string, resource: string, namespaced?: boolean]> = {
  CertificateSigningRequest: ['certificates.k8s.io/v1', 'certificatesigningrequests'],
  ClusterRole: ['rbac.authorization.k8s.io/v1', 'clusterroles'],
  ClusterRoleBinding: ['rbac.authorization.k8s.io/v1', 'clusterrolebindings'],
  ConfigMap: ['v1', 'configmaps', true],
  CustomResourceDefinition: ['apiextensions.k8s.io/v1', 'customresourcedefinitions'],
  Event: ['v1', 'events', true],
  Gadget: [`${GROUP}/v1`, 'gadgets', true],
  Lease: ['coordination.k8s.io/v1', 'leases', true],
  LimitRange: ['v1', 'limitranges', true],
  MutatingWebhookConfiguration: ['admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations'],
  Namespace: ['v1', 'namespaces'],
  ResourceQuota: ['v1', 'resourcequotas', true],
  Role: ['rbac.authorization.k8s.io/v1', 'roles', true],
  RoleBinding: ['rbac.authorization.k8s.io/v1', 'rolebindings', true],
  Secret: ['v1', 'secrets', true],
  ServiceAccount: ['v1', 'serviceaccounts', true],
  ValidatingAdmissionPolicy: ['admissionregistration.k8s.io/v1', 'validatingadmissionpolicies'],
  ValidatingAdmissionPolicyBinding: ['admissionregistration.k8s.io/v1', 'validatingadmissionpolicybindings'],
  ValidatingWebhookConfiguration: ['admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations'],
  Widget: [`${GROUP}/v1`, 'widgets', true],
}

/** A real kube-apiserver whose answers become vectors. */
export class Recorder {
  readonly #plane: ControlPlane

  static async start(): Promise<Recorder> {
    return new Recorder(
      await startControlPlane({ name: 'vectors', dir: await mkdtemp(join(tmpdir(), 'sandbox-vectors-')) }),
    )
  }

  private constructor(plane: ControlPlane) {
    this.#plane = plane
  }

  stop(): Promise<void> {
    return this.#plane.stop()
  }

  /** The parsed answer, with the second in which it was given. */
  send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Any> {
    const all = {
      ...{ authorization: `Bearer ${this.#plane.adminToken}`, 'content-type': 'application/json' },
      ...{ 'user-agent': 'recorder/1.0', ...headers },
    }
    return new Promise((resolve, reject) => {
      const target = new URL(path, this.#plane.url)
      const call = request(target, { method, headers: all, rejectUnauthorized: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          this.date = response.headers.date ?? ''
          const text = Buffer.concat(chunks).toString()
          resolve(text.startsWith('{') ? JSON.parse(text) : { kind: 'Status', status: 'Failure', message: text })
        })
      })
      // kube-apiserver panics at some requests.
      call.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' ? resolve({ kind: 'Status', status: 'Failure', message: 'panic' }) : reject(error),
      )
      call.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /** Of the last answer. */
  date = ''

  /** As `send`; fails when the server refuses. */
  async make(method: string, path: string, body?: unknown): Promise<Any> {
    const answer = await this.send(method, path, body)
    if (answer.status === 'Failure') throw new Error(`${method} ${path}: ${answer.message}`)
    return answer
  }

  /** Defines widgets (with a status subresource) and gadgets (without) by these properties. */
  async define(properties: Record<string, Any>, more: Any = {}): Promise<void> {
    for (const [plural, schema] of Object.entries(properties)) {
      const kind = plural === 'widgets' ? 'Widget' : 'Gadget'
      const version = (name: string) => ({
        ...{ name, served: true, storage: name === VERSIONS[0], schema: { openAPIV3Schema: schemaOf(schema) } },
        ...(plural === 'widgets' && { subresources: { status: {} } }),
        ...more,
      })
      const names = { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` }
      const spec = { group: GROUP, scope: 'Namespaced', names, versions: VERSIONS.map(version) }
      const crd = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
      await this.make('POST', path, { ...crd, metadata: { name: `${plural}.${GROUP}` }, spec })
      const list = `/apis/${GROUP}/v1/namespaces/default/${plural}`
      await waitFor(
        `${plural} are served`,
        async () => (await this.send('GET', list)).kind === `${kind}List` || undefined,
      )
    }
  }
}

function schemaOf(properties: Any): Any {
  return { type: 'object', properties }
}

export const apiVersionOf = (kind: string): string => TYPES[kind]![0]

/** Where objects of a kind stand. */
export function pathOf(kind: string, apiVersion = apiVersionOf(kind)): string {
  const [, resource, namespaced] = TYPES[kind]!
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${root}/${namespaced ? 'namespaces/default/' : ''}${resource}`
}

export async function cases(file: string): Promise<Any> {
  return parse(await readFile(new URL(file, import.meta.url), 'utf8'))
}

export async function write(path: string, value: unknown): Promise<void> {
  await writeFile(new URL(path, import.meta.url), `${JSON.stringify(value, null, 1)}\n`)
}

/** An object without what is another each time; a failure without the fields that say nothing more. */
export function masked(answer: Any): Any {
  if (answer.kind === 'Status') {
    const { status, message, reason, details, code } = answer
    return { status, message, reason, details, code }
  }
  const { uid, resourceVersion, creationTimestamp, generation, ...metadata } = answer.metadata
  return { ...answer, metadata }
}
