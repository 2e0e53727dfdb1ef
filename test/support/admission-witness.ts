import { Assignment, finalizer } from '@resource-broker/api'
import { isTransient, watchResource } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { AdmissionServer, type Watched } from './admission.ts'
import type { Clusters } from './checker.ts'
import { type Judgement, type Judges, judgeByAsking, type Witness } from './judgement.ts'
import { THING } from './provider-controller.ts'

/** Longest that a write is held for reads that get no answer; an API server waits 10 s for the verdict. */
const HOLD_MS = 6_000

/** On real API servers: a write waits there until it was judged, so that what is read meanwhile was so before it. */
export class AdmissionWitness implements Witness {
  readonly #clusters: Clusters
  readonly #stopping = new AbortController()
  #admission: AdmissionServer | undefined

  constructor(clusters: Clusters) {
    this.#clusters = clusters
  }

  async attend(judges: Judges, note: (violation: string) => void): Promise<void> {
    const { platform, consumers, providers } = this.#clusters
    const admission = await AdmissionServer.start()
    this.#admission = admission
    await Promise.all([
      admission.guard(platform, ASSIGNMENT_WRITES, (write) => judgePatiently(() => judges.assignment(write), note)),
      ...Object.values(consumers).map((site) =>
        admission.guard(site, FINALIZER_REMOVAL, (write) => judgePatiently(() => judges.release(site, write), note)),
      ),
      ...Object.values(providers).map((site) =>
        admission.guard(site, COPY_WRITES, (write) => judgePatiently(() => judges.copy(site, write), note)),
      ),
    ])
    const handler = { upsert: judges.named, delete: () => undefined }
    watchResource(platform.kube, { ...Assignment.resource }, handler, { signal: this.#stopping.signal })
  }

  async judge(judgement: () => Judgement, note: (violation: string) => void): Promise<void> {
    await judgePatiently(judgement, note)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#admission?.stop()
  }
}

/** Reads that get no answer put the write off; they are no verdict. */
async function judgePatiently(
  judgement: () => Judgement,
  note: (violation: string) => void,
): Promise<string | undefined> {
  const attempt = async () => {
    const failure = await judgeByAsking(judgement()).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure !== undefined && !isTransient(failure)) note(`the observer failed: ${String(failure)}`)
    return !isTransient(failure)
  }
  try {
    await waitFor('a verdict', attempt, { timeoutMs: HOLD_MS, intervalMs: 100 })
    return undefined
  } catch {
    return 'the observer cannot judge now'
  }
}

const ASSIGNMENT_WRITES: Watched[] = [
  { ...Assignment.resource, operations: ['DELETE'] },
  {
    ...Assignment.resource,
    operations: ['UPDATE'],
    when: 'object.spec.providerCluster != oldObject.spec.providerCluster',
  },
]
const COPY_WRITES: Watched[] = [{ ...THING, operations: ['CREATE', 'DELETE'] }]
const has = (object: string) =>
  `(has(${object}.metadata.finalizers) && '${finalizer}' in ${object}.metadata.finalizers)`
const FINALIZER_REMOVAL: Watched[] = [
  { ...THING, operations: ['UPDATE'], when: `${has('oldObject')} && !${has('object')}` },
]
