import {
  Assignment,
  type AssignmentCopy,
  annotations,
  type Consumer,
  compileAcceptAPI,
  compilePolicy,
  Migration,
  type MigrationState,
  mergePatched,
  OfferIndex,
  PlacementPolicy,
  PolicyIndex,
} from '@resource-broker/api'
import type { KeyView, KubeObject, RecordMessage, SourceRef } from '@resource-broker/bus'
import {
  type CollectionRef,
  type DeleteOptions,
  type KubeClient,
  KubeError,
  type ObjectRef,
} from '@resource-broker/kube'
import type { SchedulerContext } from './context.ts'

/** Objects for the tests of this service. */
const gvr = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
export const ref: SourceRef = { cluster: 'acme', gvr, namespace: 'default', name: 'a' }

export const consumerOf = (cluster: string): Consumer => ({ cluster })

export function source(metadata: Partial<KubeObject['metadata']> = {}): KubeObject {
  return {
    apiVersion: 'test.platform-mesh.io/v1',
    kind: 'Thing',
    metadata: { name: 'a', namespace: 'default', uid: 'uid-a', resourceVersion: '7', generation: 2, ...metadata },
    spec: { size: 'small' },
  }
}

type Placed = { at?: string; offer?: string; copies?: AssignmentCopy[]; phase?: 'Bound' | 'Terminating' }

export function assignment({ at = 'alpha', offer = 'small', copies, phase = 'Bound' }: Placed = {}): RecordMessage {
  const object = {
    apiVersion: Assignment.apiVersion,
    kind: Assignment.kind,
    metadata: { name: 'assignment-a', uid: 'uid-assignment', resourceVersion: '1' },
    spec: {
      ...{
        consumerCluster: 'acme',
        gvr,
        namespace: 'default',
        name: 'a',
        uid: 'uid-a',
        providerCluster: at,
        acceptAPIName: offer,
      },
      ...(copies === undefined ? {} : { copies }),
    },
    status: { phase },
  }
  return { name: 'assignment-a', object }
}

type Move = {
  name?: string
  of?: string
  uid?: string | null
  to?: string
  state?: MigrationState
  generation?: string
}

export function migration({
  name = 'migration-1',
  of = 'assignment-a',
  uid = 'uid-assignment',
  to = 'beta',
  state,
  generation = '2',
}: Move): RecordMessage {
  const gvk = { group: gvr.group, version: gvr.version, kind: 'Thing' }
  const notes = generation === '' ? {} : { annotations: { [annotations.consumerGeneration]: generation } }
  const object = {
    apiVersion: Migration.apiVersion,
    kind: Migration.kind,
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1', ...notes },
    spec: {
      assignment: of,
      ...(uid === null ? {} : { assignmentUID: uid }),
      from: { gvk, providerCluster: 'alpha', acceptAPIName: 'small' },
      to: { gvk, providerCluster: to, acceptAPIName: 'large' },
    },
    ...(state === undefined ? {} : { status: { state } }),
  }
  return { name, object }
}

/** All that providers accept, which is everything. */
export function offersOf(...providers: string[]): OfferIndex {
  const index = new OfferIndex()
  const acceptAPI = {
    apiVersion: 'broker.platform-mesh.io/v1alpha1',
    kind: 'AcceptAPI',
    metadata: { name: 'small', uid: 'u', resourceVersion: '1' },
    spec: { gvr: ref.gvr },
  }
  for (const provider of providers) {
    const accepts = compileAcceptAPI(acceptAPI, provider)
    if ('offer' in accepts) index.set(accepts.offer)
  }
  return index
}

/** A PlacementPolicy as the platform has it. */
export function policy(spec: object, metadata: object = {}): KubeObject {
  const { apiVersion, kind } = PlacementPolicy
  return {
    apiVersion,
    kind,
    metadata: { name: 'some', uid: 'u', resourceVersion: '1', generation: 1, ...metadata },
    spec,
  }
}

/** A policy by which every object goes to one of these providers, by their label `name`. */
export function policyFor(...providers: string[]): PolicyIndex {
  const index = new PolicyIndex()
  const require = [{ matchExpressions: [{ key: 'name', operator: 'In', values: providers }] }]
  const compiled = compilePolicy(policy({ selector: {}, require }))
  if (compiled.policy !== undefined) index.set(compiled.policy)
  return index
}

/** A platform without ConsumerQuotas. */
export const NO_QUOTAS: SchedulerContext['quotas'] = {
  enter: async () => undefined,
  isIdle: true,
  isUnsettled: () => false,
  learn: () => undefined,
  leave: async () => undefined,
  matterOf: () => undefined,
  remove: async () => undefined,
  settle: async () => undefined,
  usedOf: () => ({ consumers: 0, waiting: 0, used: [] }),
}

/** A view that holds these messages: by part, or by part and qualifier as `migration/m`. What is learned goes into `messages`. */
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
    forget: (part: string, qualifier?: string) => {
      delete messages[id(part, qualifier)]
    },
    sequence: () => 0,
    published: () => undefined,
  }
  return view as unknown as KeyView
}

/** A platform that holds these objects and has the API server's word on names and versions. */
export function platformOf(...objects: KubeObject[]) {
  const held = new Map(objects.map((object) => [object.metadata.name, object]))
  let version = 100
  const found = (name: string): KubeObject => {
    const object = held.get(name)
    if (object === undefined) throw new KubeError(404, { reason: 'NotFound' })
    return object
  }
  const put = (object: KubeObject): KubeObject => {
    const metadata = { ...object.metadata, resourceVersion: String(++version) }
    held.set(metadata.name, { ...object, metadata })
    return found(metadata.name)
  }
  const client = {
    now: () => new Date(0),
    get: async ({ name }: ObjectRef) => found(name),
    list: async ({ resource }: CollectionRef) => ({
      items: [...held.values()].filter(({ kind }) => `${kind.toLowerCase()}s` === resource),
    }),
    create: async (_ref: object, body: KubeObject) => {
      if (held.has(body.metadata.name)) throw new KubeError(409, { reason: 'AlreadyExists' })
      return put({ ...body, metadata: { ...body.metadata, uid: `uid-${body.metadata.name}` } })
    },
    mergePatch: async ({ name }: ObjectRef, { metadata, ...patch }: Partial<KubeObject>) => {
      const object = found(name)
      const isOther =
        metadata?.resourceVersion !== undefined && metadata.resourceVersion !== object.metadata.resourceVersion
      if (isOther) throw new KubeError(409, { reason: 'Conflict' })
      return put(mergePatched(object, patch) as KubeObject)
    },
    delete: async ({ name }: ObjectRef, { uid, resourceVersion }: DeleteOptions = {}) => {
      const { metadata } = found(name)
      const isOther = (uid ?? metadata.uid) !== metadata.uid
      if (isOther || (resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion)
        throw new KubeError(409, { reason: 'Conflict' })
      held.delete(name)
    },
  }
  return { held, put, client: client as unknown as KubeClient }
}
