import type { SeededRandom } from '../../support/seeded-random.ts'

/** What is sent to both servers. `uid` and `version` of an object are as each server gave them: `$uid` and `$version` stand for them. */
export type Step = { method: string; path: string; headers: Record<string, string>; body?: object }

const NAMES = ['a', 'b'] as const
const MANAGERS = ['first', 'second'] as const
const FINALIZERS = ['one.test/x', 'two.test/y'] as const
const MERGE = { 'content-type': 'application/merge-patch+json' }
const APPLY = { 'content-type': 'application/apply-patch+yaml' }
const JSON_TYPE = { 'content-type': 'application/json' }

/** A kind that both servers have: `hasStatus`, its status is written by itself. */
export type Kind = { apiVersion: string; kind: string; collection: string; hasStatus: boolean }

/** Requests as the broker and those around it make them, about few names, so that they meet. */
export class Requests {
  readonly #random: SeededRandom
  readonly #kinds: readonly Kind[]

  constructor(random: SeededRandom, kinds: readonly Kind[]) {
    this.#random = random
    this.#kinds = kinds
  }

  next(): Step {
    const random = this.#random
    const kind = random.pick(this.#kinds)
    const name = random.pick(NAMES)
    const path = `${kind.collection}/${name}`
    const { step } = random.weighted([
      { weight: 4, step: () => this.#create(kind, name) },
      { weight: 3, step: () => this.#merge(path) },
      { weight: 3, step: () => this.#status(kind, path) },
      { weight: 6, step: () => this.#apply(kind, name) },
      { weight: 2, step: () => this.#replace(kind, name) },
      { weight: 3, step: () => this.#delete(path) },
      { weight: 2, step: () => ({ method: 'GET', path, headers: this.#accept() }) },
      { weight: 1, step: () => this.#list(kind) },
    ])
    return step()
  }

  #create({ apiVersion, kind, collection }: Kind, name: string): Step {
    const body = { apiVersion, kind, metadata: { name, ...this.#metadata() }, ...this.#content() }
    return { method: 'POST', path: collection, headers: JSON_TYPE, body }
  }

  #merge(path: string): Step {
    const body = { metadata: { ...this.#patchedMetadata(), ...this.#preconditions() }, ...this.#content() }
    return { method: 'PATCH', path, headers: MERGE, body }
  }

  #status({ hasStatus }: Kind, path: string): Step {
    const metadata = this.#preconditions()
    const body = { ...(Object.keys(metadata).length > 0 ? { metadata } : {}), status: this.#statusText() }
    return { method: 'PATCH', path: hasStatus ? `${path}/status` : path, headers: MERGE, body }
  }

  #apply({ apiVersion, kind, collection }: Kind, name: string): Step {
    const random = this.#random
    const manager = random.pick(MANAGERS)
    const uid = random.chance(0.4) ? { uid: random.pick(['$uid', '$uid', '$gone']) } : {}
    const createOnly = random.chance(0.15) ? { resourceVersion: '0' } : {}
    // Always a size, and no box: what a server makes of a map of which nothing is left is no part of the model.
    const body = {
      apiVersion,
      kind,
      metadata: { name, ...this.#metadata(), ...uid, ...createOnly },
      spec: this.#flatSpec(),
    }
    return {
      method: 'PATCH',
      path: `${collection}/${name}?fieldManager=${manager}&force=true`,
      headers: APPLY,
      body,
    }
  }

  #replace({ apiVersion, kind, collection }: Kind, name: string): Step {
    const resourceVersion = this.#random.chance(0.3) ? '$old' : '$version'
    const metadata = { name, ...this.#metadata(), uid: '$uid', resourceVersion }
    return {
      method: 'PUT',
      path: `${collection}/${name}`,
      headers: JSON_TYPE,
      body: { apiVersion, kind, metadata, ...this.#content() },
    }
  }

  #delete(path: string): Step {
    const preconditions = this.#preconditions()
    const body = Object.keys(preconditions).length > 0 ? { preconditions } : {}
    return { method: 'DELETE', path, headers: JSON_TYPE, body }
  }

  #list({ collection }: Kind): Step {
    const selector = this.#random.pick(['', '?labelSelector=team', '?labelSelector=team%3Dred'])
    return { method: 'GET', path: `${collection}${selector}`, headers: this.#accept() }
  }

  #accept(): Record<string, string> {
    const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
    return this.#random.chance(0.3) ? { accept: metadataOnly } : { accept: 'application/json' }
  }

  /** Of the object that is there, of one that was there before, or none. */
  #preconditions(): { uid?: string; resourceVersion?: string } {
    const random = this.#random
    const uid = random.pick([undefined, undefined, '$uid', '$uid', '$gone'])
    const resourceVersion = random.pick([undefined, undefined, '$version', '$old'])
    return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) }
  }

  #metadata(): object {
    const random = this.#random
    return {
      ...(random.chance(0.4) ? { labels: { team: random.pick(['red', 'blue']) } } : {}),
      ...(random.chance(0.4) ? { annotations: { [random.pick(['note', 'other'])]: random.pick(['x', 'y']) } } : {}),
      ...(random.chance(0.3) ? { finalizers: [random.pick(FINALIZERS)] } : {}),
    }
  }

  #patchedMetadata(): object {
    const random = this.#random
    return {
      ...(random.chance(0.3) ? { labels: { team: random.pick(['red', null]) } } : {}),
      ...(random.chance(0.3) ? { annotations: { note: random.pick(['x', null]) } } : {}),
      ...(random.chance(0.5) ? { finalizers: random.pick([[], [FINALIZERS[0]], [...FINALIZERS]]) } : {}),
    }
  }

  #content(): object {
    return this.#random.chance(0.7) ? { spec: this.#spec() } : {}
  }

  #spec(): object {
    const random = this.#random
    const box = { [random.pick(['left', 'right'])]: random.between(1, 2) }
    return { ...this.#flatSpec(), ...(random.chance(0.3) ? { box } : {}) }
  }

  #flatSpec(): object {
    const random = this.#random
    return {
      size: random.between(1, 3),
      ...(random.chance(0.2) ? { list: random.pick([[], [1], [1, 2]]) } : {}),
    }
  }

  #statusText(): object {
    const random = this.#random
    return { phase: random.pick(['on', 'off', null]), copies: [{ at: random.pick(['here', 'there']) }] }
  }
}
