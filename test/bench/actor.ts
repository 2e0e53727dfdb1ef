// The providers' operator in the bench, the same for whoever is measured: one status write for each new copy.
import { isConflict, isNotFound, KubeClient, watchResource } from '@resource-broker/kube'
import { THING } from '../support/provider-controller.ts'
import { type Thing, thingRef } from './things.ts'

const { signal } = new AbortController()

async function operate(file: string, from: number): Promise<void> {
  const client = await KubeClient.fromFile(file)
  const answer = async ({ metadata, status }: Thing): Promise<void> => {
    if (status !== undefined) return
    const ref = thingRef(metadata.namespace, metadata.name)
    const first = { uid: metadata.uid, status: { status: 'Available', counter: 0, from } }
    await client.mergePatch(
      ref,
      { metadata: { uid: first.uid }, status: first.status },
      { subresource: 'status', fieldManager: 'bench-actor' },
    )
  }
  const upsert = (object: unknown): void => {
    answer(object as Thing).catch((error: unknown) => {
      if (isNotFound(error) || isConflict(error)) return
      process.stderr.write(`actor: ${String(error)}\n`)
      process.exit(1)
    })
  }
  await new Promise<void>(
    (synced) => void watchResource(client, THING, { upsert, delete: () => undefined, synced }, { signal }),
  )
}

await Promise.all(process.argv.slice(2).map(operate))
process.stdout.write('ready\n')
