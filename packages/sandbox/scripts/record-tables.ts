/**
 * Records how a real kube-apiserver shows the objects of table-cases.yaml in tables, and what it selects: `node
 * scripts/record-tables.ts`. Writes src/kube/table/vectors/, src/kube/selectors/vectors/ and data/table-columns.json.
 */
import { readFile } from 'node:fs/promises'
import { type Any, apiVersionOf, cases, masked, pathOf, Recorder, write } from './recording.ts'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const ACCEPTS: Record<string, string> = {
  Table: TABLE,
  'Table v1beta1': 'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
  PartialObjectMetadataList: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'PartialObjectMetadataList v1beta1': 'application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io',
}
const LABEL = { table: 'shown' }

async function makeObjects(recorder: Recorder, objects: Record<string, Any[]>): Promise<void> {
  const request = await readFile(new URL('../src/kube/builtin/vectors/request.pem', import.meta.url), 'base64')
  for (const [kind, list] of Object.entries(objects)) {
    for (const [index, object] of list.entries()) {
      const { metadata, ...rest } = object
      const text = JSON.stringify(rest).replace('"CSR"', () => JSON.stringify(request))
      const body = { apiVersion: apiVersionOf(kind), kind, ...JSON.parse(text) }
      const labels = { ...LABEL, ...metadata?.labels }
      await recorder.make('POST', pathOf(kind), { ...body, metadata: { name: `table-${index}`, ...metadata, labels } })
    }
  }
  const usage = { pods: '3', 'limits.cpu': '1', 'requests.cpu': '500m', memory: '512Mi' }
  const hard = objects['ResourceQuota']?.[1].spec.hard
  await recorder.send(
    'PATCH',
    `${pathOf('ResourceQuota')}/table-1/status`,
    { status: { hard, used: usage } },
    {
      'content-type': 'application/merge-patch+json',
    },
  )
}

/** Ages count from the second of the answer, which is in its Date header. */
async function recordTables(recorder: Recorder, kinds: string[]): Promise<Any[]> {
  const vectors: Any[] = []
  for (const kind of kinds) {
    for (const apiVersion of kind === 'Event' ? ['v1', 'events.k8s.io/v1'] : [apiVersionOf(kind)]) {
      const path = `${pathOf(kind, apiVersion)}?labelSelector=table`
      const { items } = await recorder.make('GET', path)
      const objects = items.map((item: Any) => ({ apiVersion, kind, ...item }))
      const requests = kind === 'Widget' || kind === 'ConfigMap' ? Object.keys(ACCEPTS) : ['Table']
      for (const as of requests) {
        for (const includeObject of as === 'Table' && kind === 'ConfigMap'
          ? ['None', 'Object', 'Metadata']
          : ['Metadata']) {
          const query = includeObject === 'Metadata' ? path : `${path}&includeObject=${includeObject}`
          const answer = await recorder.send('GET', query, undefined, { accept: ACCEPTS[as]! })
          const name = `${kind} of ${apiVersion} as ${as} with ${includeObject}`
          vectors.push({ name, kind, apiVersion, as, includeObject, now: recorder.date, objects, answer })
        }
      }
    }
  }
  return vectors
}

async function recordSelections(recorder: Recorder, given: Any): Promise<void> {
  for (const [name, labels] of Object.entries(given.labelled)) {
    const metadata = { name, labels: { selected: 'maybe', ...(labels as Any) } }
    await recorder.make('POST', pathOf('ConfigMap'), { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  }
  const labels: Any[] = []
  for (const selector of given.labelSelectors) {
    const answer = await recorder.send('GET', `${pathOf('ConfigMap')}?labelSelector=${encodeURIComponent(selector)}`)
    labels.push({ selector, ...selectionOf(answer, (name) => Object.hasOwn(given.labelled, name)) })
  }
  await write('../src/kube/selectors/vectors/labels.json', { labelled: given.labelled, cases: labels })
  const fields: Any[] = []
  for (const [kind, selectors] of Object.entries<Any>(given.fieldSelectors)) {
    const { items } = await recorder.make('GET', pathOf(kind))
    const mine = items.filter(({ metadata }: Any) => metadata.labels?.table || metadata.labels?.selected)
    const names = new Set(mine.map(({ metadata }: Any) => metadata.name))
    const selected: Any[] = []
    for (const selector of selectors) {
      const answer = await recorder.send('GET', `${pathOf(kind)}?fieldSelector=${encodeURIComponent(selector)}`)
      selected.push({ selector, ...selectionOf(answer, (name) => names.has(name)) })
    }
    fields.push({
      kind,
      objects: mine.map((item: Any) => masked({ apiVersion: apiVersionOf(kind), kind, ...item })),
      cases: selected,
    })
  }
  await write('../src/kube/selectors/vectors/fields.json', fields)
}

function selectionOf(answer: Any, isMine: (name: string) => boolean): Any {
  if (answer.kind === 'Status') return { error: answer.message }
  return { names: answer.items.map(({ metadata }: Any) => metadata.name).filter(isMine) }
}

function columnsOf(vectors: Any[]): Any {
  const columns: Any = {}
  for (const { kind, apiVersion, as, answer } of vectors) {
    const isCustom = apiVersion.startsWith('vectors.') || answer.columnDefinitions?.[1].name === 'Created At'
    if (as !== 'Table' || isCustom) continue
    columns[`${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}/${kind}`] = answer.columnDefinitions
  }
  const source = 'Table columns of kube-apiserver v1.34.4 (Apache-2.0), by scripts/record-tables.ts'
  return { source, columns }
}

const given = await cases('table-cases.yaml')
const recorder = await Recorder.start()
try {
  const { widgets, columns, selectableFields, objects } = given
  const more = { additionalPrinterColumns: columns, selectableFields }
  await recorder.define({ widgets }, more)
  await recorder.define({ gadgets: widgets })
  await makeObjects(recorder, objects)
  const tables = await recordTables(recorder, Object.keys(objects))
  await write('../src/kube/table/vectors/tables.json', { columns, cases: tables })
  await write('../data/table-columns.json', columnsOf(tables))
  await recordSelections(recorder, given)
} finally {
  await recorder.stop()
}
process.exit()
