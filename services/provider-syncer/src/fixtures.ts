import { Assignment, type AssignmentCopy, annotations, keyOf } from '@resource-broker/api'
import type { CopyMessage, DecisionMessage, KeyView, KubeObject, SourceRef } from '@resource-broker/bus'
import { type Assigned, type Known, readKnown } from './facts/known.ts'
import { type Before, Notes } from './facts/notes.ts'
import type { Place, Places } from './facts/places.ts'

/** Objects for the tests of this service. */
export const gvr = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
export const ref: SourceRef = { cluster: 'acme', gvr, namespace: 'default', name: 'a' }

export function source(
  metadata: Partial<KubeObject['metadata']> = {},
  content: Record<string, unknown> = {},
): KubeObject {
  return {
    apiVersion: 'test.platform-mesh.io/v1',
    kind: 'Thing',
    metadata: { name: 'a', namespace: 'default', uid: 'uid-a', resourceVersion: '1', generation: 2, ...metadata },
    ...content,
  }
}

export function assignment(spec: { active?: string; copies?: AssignmentCopy[] } = {}, status: object = {}): KubeObject {
  const { active = 'alpha', copies } = spec
  return {
    apiVersion: Assignment.apiVersion,
    kind: Assignment.kind,
    metadata: { name: 'assignment-a', uid: 'uid-assignment', resourceVersion: '1' },
    spec: {
      ...{ consumerCluster: 'acme', gvr, namespace: 'default', name: 'a', uid: 'uid-a' },
      ...{ providerCluster: active, acceptAPIName: 'things' },
      ...(copies === undefined ? {} : { copies }),
    },
    status: { phase: 'Bound', ...status },
  }
}

export const BROKER = 'broker-1'

export function copy(provider: string, { ours = true, object = copied() }: Partial<CopyMessage> = {}): CopyMessage {
  return { provider, cluster: provider, gvr, ours, object }
}

/** An object at a provider, as the broker makes it from `source`. */
export function copied(
  metadata: Partial<KubeObject['metadata']> = {},
  content: Record<string, unknown> = {},
): KubeObject {
  const { annotations: notes, ...others } = metadata
  const own = {
    [annotations.brokerID]: BROKER,
    [annotations.assignmentUID]: 'uid-assignment',
    [annotations.consumerUID]: 'uid-a',
  }
  return source({ uid: 'uid-copy', ...others, annotations: { ...own, ...notes } }, content)
}

export const decision = (provider: string | null, generation = 2): DecisionMessage => ({
  uid: 'uid-a',
  generation,
  sourceVersion: '1',
  provider,
})

const FIRST: Before = {
  attempt: 1,
  silentMs: 0,
  replacedMs: 0,
  troubledMs: 0,
  told: undefined,
  late: [],
  settled: new Map(),
  compared: new Map(),
}

/** Everywhere is a place, but where `places` says otherwise. */
function placesFrom(places: Record<string, Place>): Places {
  const at = (provider: string, name: string): Place => places[provider] ?? { is: 'there', cluster: provider, name }
  return {
    providers: Object.keys(places),
    forCopy: ({ name }, provider) => at(provider, name),
    ofCopy: ({ name }, provider) => at(provider, name),
    at: (provider) => at(provider, ''),
  }
}

/** What is known when a view holds these messages. */
export function knownFrom(
  messages: Record<string, unknown>,
  { places = {}, before = {} }: { places?: Record<string, Place>; before?: Partial<Before> } = {},
): Known {
  const notes = new Notes({ ...FIRST, ...before })
  return readKnown({ key: KEY, view: viewOf(messages), brokerID: BROKER, places: placesFrom(places), notes, now: 0 })
}

export const KEY = keyOf(ref)

/** The same of an object that has an Assignment. */
export function assignedFrom(...given: Parameters<typeof knownFrom>): Assigned {
  return knownFrom(...given) as Assigned
}

/** A view that holds these messages: by part, or by part and qualifier as `copy/alpha`. What is learned goes into `messages`. */
export function viewOf(messages: Record<string, unknown>): KeyView {
  const id = (part: string, qualifier?: string) => (qualifier === undefined ? part : `${part}/${qualifier}`)
  const view = {
    get: (part: string, qualifier?: string) => messages[id(part, qualifier)],
    all: (part: string) => {
      const found = Object.entries(messages).filter(([name]) => name.startsWith(`${part}/`))
      return new Map(found.map(([name, message]) => [name.slice(part.length + 1), message]))
    },
    learn: (part: string, qualifier: string | undefined, message: unknown) => {
      messages[id(part, qualifier)] = message
    },
    sequence: () => 0,
    learnedFor: () => undefined,
    untoldFor: () => undefined,
  }
  return view as unknown as KeyView
}
