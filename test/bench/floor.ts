// The yardstick: what nobody who places copies and moves them can do without. Per new object its finalizer and its copy, per status its
// status; per move the new copy, what its stages deploy, its status, and the end of the old copy. It keeps no record, decides nothing
// and trusts every event.
import { KubeClient, watchResource } from '@resource-broker/kube'
import pLimit from 'p-limit'
import { THING } from '../support/provider-controller.ts'
import { FloorStages } from './moves/floor-stages.ts'
import { AT_ONCE } from './moves/stages.ts'
import { SIZES, type Thing, thingRef } from './things.ts'

const [consumerFile = '', computeFile = '', ...providerFiles] = process.argv.slice(2)
const consumer = await KubeClient.fromFile(consumerFile)
const providers = await Promise.all(providerFiles.map((file) => KubeClient.fromFile(file)))
const stages = await FloorStages.open(computeFile)
const { signal } = new AbortController()
/** Which provider consumers' objects were placed at, by uid. */
const placed = new Map<string, number>()
/** Moves that wait for the status of the new copy, by namespace and name. */
const moving = new Map<string, { to: number; answered: (status: object) => void }>()
/** The status of each copy that the consumer was told last. */
const told = new Map<string, string>()
const turn = pLimit(AT_ONCE)

async function place(object: Thing): Promise<void> {
  const { namespace, name, uid } = object.metadata
  const [from, to] = [placed.get(uid), SIZES.indexOf(object.spec.size)]
  if (from === to) return
  placed.set(uid, to)
  if (from === undefined) {
    const metadata = { uid, finalizers: ['bench.platform-mesh.io/floor'] }
    await consumer.mergePatch(thingRef(namespace, name), { metadata })
    await copy(object, to)
  } else if (object.spec.staged === true) await turn(() => move(object, from, to, stages))
  else await move(object, from, to)
}

async function move(object: Thing, from: number, to: number, through?: FloorStages): Promise<void> {
  const { namespace, name } = object.metadata
  const id = `${namespace}/${name}`
  const ready = new Promise<object>((answered) => moving.set(id, { to, answered }))
  await copy(object, to)
  const status = await ready
  await through?.beforeSwitch(name)
  moving.delete(id)
  await tell(object, status)
  await through?.afterSwitch(name)
  await provider(from).delete(thingRef(namespace, name))
}

async function copy({ apiVersion, kind, metadata: { namespace, name }, spec }: Thing, at: number): Promise<void> {
  const body = { apiVersion, kind, metadata: { namespace, name }, spec }
  await provider(at).apply(thingRef(namespace, name), body, { force: true })
}

async function report(object: Thing, at: number): Promise<void> {
  const { metadata, status } = object
  if (status === undefined) return
  const text = JSON.stringify(status)
  if (told.get(metadata.uid) === text) return
  told.set(metadata.uid, text)
  const move = moving.get(`${metadata.namespace}/${metadata.name}`)
  if (move?.to === at) move.answered(status)
  else await tell(object, status)
}

async function tell({ metadata: { namespace, name } }: Thing, status: object): Promise<void> {
  await consumer.mergePatch(thingRef(namespace, name), { status }, { subresource: 'status' })
}

const provider = (at: number): KubeClient => providers[at] as KubeClient

function follow(client: KubeClient, upsert: (object: Thing) => Promise<void>): Promise<void> {
  const handler = (object: unknown): void => {
    upsert(object as Thing).catch((error: unknown) => {
      process.stderr.write(`floor: ${String(error)}\n`)
      process.exit(1)
    })
  }
  return new Promise((synced) =>
    watchResource(client, THING, { upsert: handler, delete: () => undefined, synced }, { signal }),
  )
}

await Promise.all([
  follow(consumer, place),
  ...providers.map((client, at) => follow(client, (object) => report(object, at))),
])
process.stdout.write('ready\n')
