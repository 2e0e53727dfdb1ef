import type { Assignment } from '@resource-broker/api'
import type { KeyView, Outcome, Part, Run, Told } from '@resource-broker/bus'
import type { ServiceContext } from '../lifecycle.ts'
import type { Attributes, Origin } from './tracing.ts'

type Reconcile<M> = (run: Run<M>) => Promise<Outcome>

/**
 * The same `reconcile`, each run of which is a step of this name, where the service is traced. It goes on with the trace of what the key
 * was last told. So it does in whichever replica owns the key by now: contexts are nowhere but in messages.
 */
export function traced<M>(
  { tracing }: Pick<ServiceContext, 'tracing'>,
  name: string,
  reconcile: Reconcile<M>,
): Reconcile<M> {
  if (tracing === undefined) return reconcile
  /** The sequence up to which the runs before have heard. */
  const heardUpTo = new WeakMap<KeyView, number>()
  return (run) => {
    const { key, view, attempt } = run
    const told = view.told()
    const since = heardUpTo.get(view) ?? 0
    heardUpTo.set(view, Math.max(since, told[0]?.seq ?? 0))
    const heard = told.filter(({ seq }) => seq > since)
    const origin = originIn(told)
    const about = { 'broker.key': key, 'broker.attempt': attempt, ...heardAttributes(heard) }
    const describe = () => ({ ...about, ...objectAttributes(view) })
    return tracing.step({ name, origin, links: linksOf(heard, origin), describe }, () => reconcile(run))
  }
}

/** What a key's next step goes on with. */
export function originOf(view: KeyView): Origin | undefined {
  return originIn(view.told())
}

/**
 * The words of the consumer and of the scheduler come before records, which belong to what asked for them however often they change;
 * of several the latest.
 */
function originIn(told: Told[]): Origin | undefined {
  const traced = told.flatMap(({ part, traceparent, storedAt }) =>
    traceparent === undefined ? [] : [{ part, traceparent, at: storedAt }],
  )
  const [first = traced[0]] = traced.filter(({ part }) => part === 'source' || part === 'decision')
  return first
}

/** Of other traces than that which is gone on with, each once. */
function linksOf(heard: Told[], origin: Origin | undefined): string[] {
  const byTrace = new Map<string, string>()
  for (const { traceparent } of heard) if (traceparent !== undefined) byTrace.set(traceIn(traceparent), traceparent)
  if (origin !== undefined) byTrace.delete(traceIn(origin.traceparent))
  return [...byTrace.values()]
}

/** The trace's id in a W3C traceparent. */
const traceIn = (traceparent: string): string => traceparent.split('-')[1] ?? ''

/** Which messages called, and for how long the first of them was on the bus and waited here, in milliseconds. */
function heardAttributes(heard: Told[]): Attributes {
  if (heard.length === 0) return {}
  const first = Math.min(...heard.map(({ storedAt }) => storedAt))
  const parts = heard.map(({ part }) => part).sort()
  return { 'broker.heard': parts, 'broker.waited_ms': Math.max(0, Math.round(Date.now() - first)) }
}

/** Which object a key is about, as its records say. */
function objectAttributes(view: KeyView): Attributes {
  const assignment = readable(view, 'assignment')?.object?.spec as Assignment['spec'] | undefined
  const ref = readable(view, 'source')?.ref ?? (assignment && { ...assignment, cluster: assignment.consumerCluster })
  if (ref === undefined) return {}
  const { group, resource } = ref.gvr
  return {
    'broker.resource': group === '' ? resource : `${resource}.${group}`,
    'broker.consumer': ref.cluster,
    ...(ref.namespace === undefined ? {} : { 'broker.namespace': ref.namespace }),
    'broker.name': ref.name,
    ...(assignment === undefined ? {} : { 'broker.provider': assignment.providerCluster }),
  }
}

/** What is not valid is told of by the run that reads it. */
function readable<P extends Part>(view: KeyView, part: P) {
  try {
    return view.get(part)
  } catch {
    return undefined
  }
}
