/**
 * Records what a real kube-apiserver answers to built-in-cases.yaml and authorization-cases.yaml, and its default RBAC policy:
 * `node scripts/record-built-ins.ts`. Writes src/kube/builtin/vectors/validation.json, src/kube/authz/vectors/authorization.json
 * and data/bootstrap-policy.json; format them with `biome check --write` afterwards.
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane } from '@resource-broker/testbed'
import { parse } from 'yaml'
import { expand } from '../src/kube/builtin/vectors/texts.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies of requests and answers of any shape
type Any = any
type Headers = Record<string, string | string[]>

const HOMES: Record<string, [apiVersion: string, resource: string, namespaced?: boolean]> = {
  ConfigMap: ['v1', 'configmaps', true],
  Secret: ['v1', 'secrets', true],
  ServiceAccount: ['v1', 'serviceaccounts', true],
  Namespace: ['v1', 'namespaces'],
  LimitRange: ['v1', 'limitranges', true],
  ResourceQuota: ['v1', 'resourcequotas', true],
  Event: ['v1', 'events', true],
  CustomResourceDefinition: ['apiextensions.k8s.io/v1', 'customresourcedefinitions'],
  Lease: ['coordination.k8s.io/v1', 'leases', true],
  Role: ['rbac.authorization.k8s.io/v1', 'roles', true],
  RoleBinding: ['rbac.authorization.k8s.io/v1', 'rolebindings', true],
  ClusterRole: ['rbac.authorization.k8s.io/v1', 'clusterroles'],
  ClusterRoleBinding: ['rbac.authorization.k8s.io/v1', 'clusterrolebindings'],
  CertificateSigningRequest: ['certificates.k8s.io/v1', 'certificatesigningrequests'],
  ValidatingWebhookConfiguration: ['admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations'],
  MutatingWebhookConfiguration: ['admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations'],
  ValidatingAdmissionPolicy: ['admissionregistration.k8s.io/v1', 'validatingadmissionpolicies'],
  ValidatingAdmissionPolicyBinding: ['admissionregistration.k8s.io/v1', 'validatingadmissionpolicybindings'],
  SubjectAccessReview: ['authorization.k8s.io/v1', 'subjectaccessreviews'],
  SelfSubjectAccessReview: ['authorization.k8s.io/v1', 'selfsubjectaccessreviews'],
  LocalSubjectAccessReview: ['authorization.k8s.io/v1', 'localsubjectaccessreviews', true],
  SelfSubjectRulesReview: ['authorization.k8s.io/v1', 'selfsubjectrulesreviews'],
  TokenReview: ['authentication.k8s.io/v1', 'tokenreviews'],
  SelfSubjectReview: ['authentication.k8s.io/v1', 'selfsubjectreviews'],
}
/** Default roles that are about nothing that the sandbox has. */
const NOT_HERE =
  /^system:(controller|node|kube|volume|persistent|cloud|monitoring|heapster|legacy|service-account-issuer)/

const here = new URL('.', import.meta.url)
const plane = await startControlPlane({ name: 'vectors', dir: await mkdtemp(join(tmpdir(), 'sandbox-vectors-')) })
try {
  await write('../data/bootstrap-policy.json', await bootstrapPolicy())
  await write('../src/kube/builtin/vectors/validation.json', await validationVectors())
  await write('../src/kube/authz/vectors/authorization.json', await authorizationVectors())
} finally {
  await plane.stop()
}
process.exit()

async function write(path: string, value: unknown): Promise<void> {
  await writeFile(new URL(path, here), `${JSON.stringify(value, null, 1)}\n`)
}

async function cases(file: string): Promise<Any> {
  return parse(await readFile(new URL(file, here), 'utf8'))
}

function send(of: ControlPlane, method: string, path: string, body?: unknown, headers: Headers = {}): Promise<Any> {
  return new Promise((resolve, reject) => {
    const all = { authorization: `Bearer ${of.adminToken}`, 'content-type': 'application/json', ...headers }
    const call = request(new URL(path, of.url), { method, headers: all, rejectUnauthorized: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())))
    })
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function pathOf({ apiVersion, kind, metadata = {} }: Any): string {
  const [, resource, namespaced] = HOMES[kind]!
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${root}/${namespaced ? `namespaces/${metadata.namespace ?? 'default'}/` : ''}${resource}`
}

async function bootstrapPolicy(): Promise<Any> {
  const source = 'Default policy of kube-apiserver v1.34.4 (Apache-2.0), by scripts/record-built-ins.ts'
  const items: Any[] = []
  for (const kind of ['ClusterRole', 'ClusterRoleBinding']) {
    const [apiVersion] = HOMES[kind]!
    const list = await send(plane, 'GET', pathOf({ apiVersion, kind }))
    for (const { metadata, aggregationRule, ...rest } of list.items) {
      if (NOT_HERE.test(metadata.name)) continue
      const { name, labels, annotations } = metadata
      items.push({ apiVersion, kind, metadata: { name, labels, annotations }, aggregationRule, ...rest })
    }
  }
  return { source, items: items.map((item) => withAggregatedRules(item, items)) }
}

/** What kube-controller-manager would write into roles that gather the rules of others. */
function withAggregatedRules(item: Any, items: Any[]): Any {
  const selectors = item.aggregationRule?.clusterRoleSelectors
  if (selectors === undefined) return item
  const matches = ({ metadata }: Any) =>
    selectors.some(({ matchLabels }: Any) =>
      Object.entries(matchLabels).every(([key, value]) => metadata.labels?.[key] === value),
    )
  const parts = items.filter((each) => each.kind === 'ClusterRole' && matches(each))
  const rules = parts.flatMap((each) => withAggregatedRules(each, items).rules ?? [])
  return { ...item, rules: [...new Map(rules.map((rule: Any) => [JSON.stringify(rule), rule])).values()] }
}

async function validationVectors(): Promise<Any[]> {
  const vectors: Any[] = []
  for (const [index, each] of (await cases('built-in-cases.yaml')).entries()) {
    const { kind, object, update, at = '' } = each
    const apiVersion = each.apiVersion ?? HOMES[kind]![0]
    const name = `case-${index}`
    const isReview = kind.endsWith('Review')
    const whole = (body: Any) => ({
      apiVersion,
      kind,
      ...body,
      metadata: { ...(isReview ? {} : { name }), ...body.metadata },
    })
    const created = await send(plane, 'POST', pathOf({ apiVersion, kind }), expand(whole(object)))
    const vector: Any = {
      name: `${index} ${kind}: ${each.name ?? JSON.stringify({ object, update, at })}`,
      kind,
      object: whole(object),
    }
    if (update === undefined) vector.answer = masked(created)
    else {
      const next = whole(update)
      next.metadata.resourceVersion = created.metadata.resourceVersion
      const path = `${pathOf({ apiVersion, kind })}/${name}${at === '' ? '' : `/${at}`}`
      vector.answer = masked(await send(plane, 'PUT', path, expand(next)))
      delete next.metadata.resourceVersion
      Object.assign(vector, { update: next, at })
    }
    vectors.push(vector)
    // A webhook that is there would be called by what comes next.
    if (!isReview) await send(plane, 'DELETE', `${pathOf({ apiVersion, kind })}/${vector.object.metadata.name}`)
  }
  return vectors
}

/** Without what is another each time, and causes in a stable order: Go walks maps in a random one. */
function masked(answer: Any): Any {
  const { metadata = {}, details, ...rest } = answer
  const { uid, resourceVersion, creationTimestamp, generation, managedFields, ...kept } = metadata
  if (answer.kind !== 'Status') return { ...rest, metadata: kept }
  const causes = details?.causes?.toSorted((a: Any, b: Any) => (order(a) < order(b) ? -1 : 1))
  const { status, reason, message, code } = answer
  const shown = causes === undefined ? { message } : {}
  return { status, reason, code, ...shown, details: causes === undefined ? details : { ...details, causes } }
}

function order({ field, message }: Any): string {
  return JSON.stringify([field, message])
}

async function authorizationVectors(): Promise<Any> {
  const { setup, reviews, requests } = await cases('authorization-cases.yaml')
  const complete = (object: Any) => ({ apiVersion: HOMES[object.kind]![0], ...object })
  const objects: Any[] = []
  for (const object of setup) objects.push(await send(plane, 'POST', pathOf(complete(object)), complete(object)))
  // The authorizer follows the writes by a watch.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const answers: Any[] = []
  for (const spec of reviews) {
    const review = complete({ kind: 'SubjectAccessReview', spec })
    answers.push({ spec, status: (await send(plane, 'POST', pathOf(review), review)).status })
  }
  const recorded: Any[] = []
  for (const { as, groups = [], ...object } of requests) {
    const body = complete(object)
    const headers: Headers = { 'impersonate-user': as, ...(groups.length > 0 && { 'impersonate-group': groups }) }
    recorded.push({ as, groups, object: body, answer: masked(await send(plane, 'POST', pathOf(body), body, headers)) })
  }
  const plain = objects.map(({ apiVersion, kind, metadata: { name, namespace }, rules, roleRef, subjects }) => ({
    ...{ apiVersion, kind, metadata: { name, namespace }, rules, roleRef, subjects },
  }))
  return { setup: plain, reviews: answers, requests: recorded }
}
