/**
 * Fills in what a real kube-apiserver answers to the cases of src/kube/schema/vectors/*.json:
 * `node scripts/record-schema-vectors.ts [file ...]`. Cases are written by hand without `errors` and `result`.
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane, waitFor } from '@resource-broker/testbed'

// biome-ignore lint/suspicious/noExplicitAny: bodies of requests and answers of any shape
type Any = any
type Answer = { status: number; body: Any }

const DIR = new URL('../src/kube/schema/vectors/', import.meta.url)
const FILES =
  process.argv.length > 2 ? process.argv.slice(2) : ['structural.json', 'cel.json', 'crd.json', 'decode.json']

const controlPlane = await startControlPlane({
  name: 'vectors',
  dir: await mkdtemp(join(tmpdir(), 'sandbox-vectors-')),
})
try {
  for (const file of FILES) {
    const vectors = JSON.parse(await readFile(new URL(file, DIR), 'utf8'))
    if (file === 'crd.json') for (const vector of vectors) await recordCrd(controlPlane, vector)
    else if (file === 'decode.json') for (const vector of vectors) await recordDecode(controlPlane, vector)
    else await recordSuites(controlPlane, vectors, file)
    await writeFile(new URL(file, DIR), `${JSON.stringify(vectors, null, 2)}\n`)
  }
} finally {
  await controlPlane.stop()
}
process.exit()

/** A suite that cannot be set up is reported and does not hinder the others. */
async function recordSuites(plane: ControlPlane, suites: Any[], file: string): Promise<void> {
  for (const [index, suite] of suites.entries()) {
    await recordSuite(plane, suite, `${file[0]}${index}`).catch((error: Error) => {
      console.error(error.message)
      process.exitCode = 1
    })
  }
}

async function send({ client }: ControlPlane, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await client.send(method, path, body)
  return { status: answer.status, body: answer.body.startsWith('{') ? JSON.parse(answer.body) : answer.body }
}

/** Causes in a stable order: Go walks maps in a random one. A failure without causes keeps its message. */
function errorsOf({ status, body }: Answer): Any {
  if (status < 300) return []
  const causes = (body.details?.causes ?? []).map(({ reason, message, field }: Any) => ({
    type: reason,
    field,
    message,
  }))
  if (causes.length === 0) return body.message
  const text = (cause: Any) => JSON.stringify([cause.field, cause.message])
  return causes.sort((a: Any, b: Any) => (text(a) < text(b) ? -1 : 1))
}

function crdOf(suffix: string, suite: Any, schema: Any): Any {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${suffix}.vectors.example` },
    spec: {
      group: `${suffix}.vectors.example`,
      scope: 'Cluster',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          ...(suite.status === true && { subresources: { status: {} } }),
        },
      ],
    },
  }
}

/** A suite is one schema (and perhaps the one before it) with objects that are created or updated. */
async function recordSuite(plane: ControlPlane, suite: Any, suffix: string): Promise<void> {
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  const crd = crdOf(suffix, suite, suite.before ?? suite.schema)
  const base = `/apis/${crd.spec.group}/v1/things`
  const created = await send(plane, 'POST', crds, crd)
  if (created.status !== 201) throw new Error(`${suite.name}: ${JSON.stringify(created.body)}`)
  await waitFor(`${suite.name} to be served`, async () => (await send(plane, 'GET', base)).status === 200)
  const thing = (name: string, fields: Any) => ({
    apiVersion: `${crd.spec.group}/v1`,
    kind: 'Thing',
    metadata: { name },
    ...fields,
  })
  const stored = new Map<Any, Any>()
  for (const [index, vector] of suite.cases.entries()) {
    if (vector.old === undefined) continue
    const { status, body } = await send(plane, 'POST', base, thing(`c${index}`, vector.old))
    if (status !== 201) throw new Error(`${suite.name}: ${vector.name}: ${JSON.stringify(body)}`)
    stored.set(vector, body)
  }
  if (suite.before !== undefined) await tighten(plane, suite, crd, base, thing)
  for (const [index, vector] of suite.cases.entries()) {
    const old = stored.get(vector)
    const object = thing(`c${index}`, vector.object)
    if (old !== undefined) object.metadata = old.metadata
    const path =
      old === undefined ? base : `${base}/c${index}${suite.status === true && vector.status ? '/status' : ''}`
    const answer = await send(plane, old === undefined ? 'POST' : 'PUT', `${path}?fieldValidation=Ignore`, object)
    vector.errors = errorsOf(answer)
    if (answer.status < 300) {
      const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = answer.body
      vector.result = rest
    } else delete vector.result
    vector.unknown = unknownOf(
      await send(plane, 'POST', `${base}?dryRun=All&fieldValidation=Strict`, thing('strict', vector.object)),
    )
  }
}

/** Replaces the schema, and waits until the new one is in force: its `probe` is refused. */
async function tighten(plane: ControlPlane, suite: Any, crd: Any, base: string, thing: Any): Promise<void> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`
  const { body } = await send(plane, 'GET', path)
  body.spec.versions[0].schema.openAPIV3Schema = suite.schema
  const updated = await send(plane, 'PUT', path, body)
  if (updated.status !== 200) throw new Error(`${suite.name}: ${JSON.stringify(updated.body)}`)
  const probe = thing('probe', suite.probe)
  await waitFor(
    `${suite.name} to be in force`,
    async () => (await send(plane, 'POST', `${base}?dryRun=All`, probe)).status === 422,
  )
}

function unknownOf({ status, body }: Answer): string[] {
  if (status !== 400) return []
  return [...String(body.message).matchAll(/unknown field "([^"]+)"/g)].map(([, path]) => path ?? '').sort()
}

async function recordCrd(plane: ControlPlane, vector: Any): Promise<void> {
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  if (vector.old === undefined) {
    vector.errors = errorsOf(await send(plane, 'POST', `${crds}?dryRun=All`, vector.crd))
    return
  }
  const { name } = vector.old.metadata
  const created = await send(plane, 'POST', crds, vector.old)
  if (created.status !== 201) throw new Error(`${vector.name}: ${JSON.stringify(created.body)}`)
  await waitFor(`${name} to be established`, async () => {
    const { body } = await send(plane, 'GET', `${crds}/${name}`)
    return body.status?.conditions?.some((one: Any) => one.type === 'Established' && one.status === 'True') === true
  })
  const { body: live } = await send(plane, 'GET', `${crds}/${name}`)
  const next = { ...vector.crd, metadata: { ...vector.crd.metadata, resourceVersion: live.metadata.resourceVersion } }
  vector.errors = errorsOf(await send(plane, 'PUT', `${crds}/${name}`, next))
  await send(plane, 'DELETE', `${crds}/${name}`)
  await waitFor(`${name} to be gone`, async () => (await send(plane, 'GET', `${crds}/${name}`)).status === 404)
}

/** Objects of built-in kinds that cannot be decoded, or only in part. */
async function recordDecode(plane: ControlPlane, vector: Any): Promise<void> {
  const answer = await send(plane, 'POST', `${vector.path}?dryRun=All&fieldValidation=Strict`, vector.object)
  vector.status = answer.status
  vector.message = answer.status === 400 ? answer.body.message : undefined
}
