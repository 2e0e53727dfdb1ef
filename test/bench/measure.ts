import { setTimeout as delay } from 'node:timers/promises'
import type { Site } from '../support/landscape.ts'
import { type Cpu, countCpu, counted, countOthers } from './counted.ts'
import { eachOf } from './each-of.ts'
import type { MessageCount } from './messages.ts'
import { type Memory, memoryOf } from './processes.ts'
import type { RequestCount, Traffic } from './requests.ts'
import type { Stage } from './stage.ts'
import { providerOf, type Thing, thing, thingRef } from './things.ts'

/** Milliseconds. */
type Latency = { count: number; p50: number; p90: number; p99: number; mean: number }

export type Measured = {
  create: Latency
  /** From when the copy was seen: includes the provider's own answer. */
  firstStatus: Latency
  status: Latency
  /** From the provider's API server's answer on. */
  statusAfterAnswer: Latency
  /** CPU per placement, its first status included. */
  burst: { objects: number; seconds: number; perSecond: number; settledSeconds: number; cpuMs: Cpu }
  /** Per placement, first status included in its own field; per status change. */
  traffic: { placement: Traffic; burst: Traffic; status: Traffic }
  messages: { placement: MessageCount; burst: MessageCount; status: MessageCount } | undefined
  memory: { idle: Memory; full: Memory; processes: number }
  /** Of the machine's CPU time, what processes outside the bench had. */
  othersShare: number
}

export type Sizes = { warmUp: number; samples: number; burst: number; inFlight: number }

/** Between two objects one after another: time to finish what has no bearing on what is measured. */
const PAUSE_MS = 10
const BURST_PATIENCE_MS = 120_000

const isThere = (): boolean => true
const isAnswered = ({ status }: Thing): boolean => status?.status === 'Available'

/** Measures one subject from nothing to `burst` objects and some; throws when anything fails to arrive. */
export async function measure(stage: Stage, sizes: Sizes): Promise<Measured> {
  const othersSince = countOthers(stage)
  const idle = memoryOf(stage.subjectPids())
  for (let i = 0; i < sizes.warmUp; i++) await placeOne(stage, `warm-${i}`, i)
  const placement = await counted(stage, sizes.samples, placementsBy(stage, sizes.samples), async () => {
    const samples = []
    for (let i = 0; i < sizes.samples; i++) samples.push(await placeOne(stage, `one-${i}`, i))
    return samples
  })
  for (let i = 0; i < sizes.warmUp; i++) await changeStatus(stage, `warm-${i}`, i, 1)
  const status = await counted(stage, sizes.samples, statusWritesBy(stage, sizes.samples), async () => {
    const samples = []
    for (let i = 0; i < sizes.samples; i++) samples.push(await changeStatus(stage, `one-${i}`, i, 1))
    return samples
  })
  const burst = await counted(stage, sizes.burst, placementsBy(stage, sizes.burst), () => placeMany(stage, sizes))
  await stage.check(sizes.warmUp + sizes.samples + sizes.burst)
  const full = memoryOf(stage.subjectPids())
  const messages = { placement: placement.messages, status: status.messages, burst: burst.messages }
  return {
    create: latency(placement.result.map(({ copyMs }) => copyMs)),
    firstStatus: latency(placement.result.map(({ statusMs }) => statusMs)),
    status: latency(status.result.map(({ fromSent }) => fromSent)),
    statusAfterAnswer: latency(status.result.map(({ fromAnswer }) => fromAnswer)),
    burst: burst.result,
    traffic: { placement: placement.traffic, burst: burst.traffic, status: status.traffic },
    messages: messages.placement && (messages as Measured['messages']),
    memory: { idle, full, processes: stage.subjectPids().length },
    othersShare: othersSince(),
  }
}

/** Creates one object and waits for its copy and for its first status at the consumer. */
async function placeOne(stage: Stage, name: string, i: number): Promise<{ copyMs: number; statusMs: number }> {
  const { consumer, namespace, eyes } = stage
  const copySeen = eyes.providers[providerOf(i)].until('there', namespace, stage.copyName(name), isThere)
  const statusSeen = eyes.consumer.until('answered', namespace, name, isAnswered)
  const start = performance.now()
  await Promise.all([
    consumer.kube.create(thingRef(namespace, name), thing(namespace, name, i), { fieldManager: 'bench' }),
    copySeen,
    statusSeen,
  ])
  const [copyAt, statusAt] = [await copySeen, await statusSeen]
  await delay(PAUSE_MS)
  return { copyMs: copyAt - start, statusMs: statusAt - copyAt }
}

/** Changes a counter in the copy's status and waits until the consumer's object says the same. */
async function changeStatus(
  stage: Stage,
  name: string,
  i: number,
  counter: number,
): Promise<{ fromSent: number; fromAnswer: number }> {
  const { namespace, eyes } = stage
  const seen = eyes.consumer.until(
    `at counter ${counter}`,
    namespace,
    name,
    ({ status }) => status?.counter === counter,
  )
  const provider = stage.providers[providerOf(i)]
  const ref = thingRef(namespace, stage.copyName(name))
  const start = performance.now()
  const written = provider.kube
    .mergePatch(ref, { status: { counter } }, { subresource: 'status', fieldManager: 'bench-actor' })
    .then(() => performance.now())
  const [answered, at] = await Promise.all([written, seen])
  await delay(PAUSE_MS)
  return { fromSent: at - start, fromAnswer: at - answered }
}

/** Creates many at once; the burst lasts until the last copy is seen, and is settled when the last status arrived. */
async function placeMany(stage: Stage, { burst, inFlight }: Sizes): Promise<Measured['burst']> {
  const { consumer, namespace, eyes } = stage
  const halves = [Math.ceil(burst / 2), Math.floor(burst / 2)] as const
  const prefix = stage.copyName('burst-')
  const isOfBurst = ({ metadata }: Thing): boolean => metadata.name.startsWith(prefix)
  const copies = ([0, 1] as const).map((which) =>
    eyes.providers[which].untilAll('there', namespace, halves[which], isOfBurst, BURST_PATIENCE_MS),
  )
  const isOurs = (object: Thing): boolean => object.metadata.name.startsWith('burst-') && isAnswered(object)
  const answered = eyes.consumer.untilAll('answered', namespace, burst, isOurs, BURST_PATIENCE_MS)
  const cpuSince = countCpu(stage)
  const start = performance.now()
  const created = eachOf(burst, inFlight, async (i) => {
    const name = `burst-${i}`
    await consumer.kube.create(thingRef(namespace, name), thing(namespace, name, i), { fieldManager: 'bench' })
  })
  const [first, second, settledAt] = await Promise.all([...copies, answered, created])
  const cpu = cpuSince(burst)
  const seconds = (Math.max(Number(first), Number(second)) - start) / 1000
  return {
    objects: burst,
    seconds,
    perSecond: burst / seconds,
    settledSeconds: (Number(settledAt) - start) / 1000,
    cpuMs: cpu,
  }
}

const THINGS = 'things.test.platform-mesh.io'

/** The bench creates, and its actor writes one status for each copy. */
function placementsBy(stage: Stage, count: number): RequestCount[] {
  return [{ server: stage.consumer.name, verb: 'POST', resource: THINGS, count }, ...statusWritesBy(stage, count)]
}

function statusWritesBy({ providers }: { providers: readonly [Site, Site] }, count: number): RequestCount[] {
  const halves = [Math.ceil(count / 2), Math.floor(count / 2)]
  return providers.map((site, i) => ({
    server: site.name,
    verb: 'PATCH',
    resource: `${THINGS}/status`,
    count: halves[i] ?? 0,
  }))
}

function latency(samples: number[]): Latency {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
  return {
    count: sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    mean: sorted.reduce((a, b) => a + b, 0) / sorted.length,
  }
}
