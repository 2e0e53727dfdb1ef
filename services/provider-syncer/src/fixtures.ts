import { Assignment, type AssignmentCopy } from '@resource-broker/api'
import type { CopyMessage, DecisionMessage, KeyView, KubeObject, SourceRef } from '@resource-broker/bus'

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

export function copy(provider: string, { ours = true, object = source() }: Partial<CopyMessage> = {}): CopyMessage {
  return { provider, cluster: provider, gvr, ours, object }
}

export const decision = (provider: string | null, generation = 2): DecisionMessage => ({
  uid: 'uid-a',
  generation,
  sourceVersion: '1',
  provider,
})

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
  }
  return view as unknown as KeyView
}
