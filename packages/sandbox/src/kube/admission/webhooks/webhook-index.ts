import type { Store } from '../../../store/types.ts'
import { parseOwnJson } from '../../json.ts'
import { type ByCluster, followObjects } from '../follow-objects.ts'
import { type Webhook, type WebhookConfiguration, webhooksOf } from './webhook.ts'

export type WebhookKind = 'mutating' | 'validating'

/** Where webhooks are found by the logical cluster that their configurations are in. */
export interface BoundWebhooks {
  /** Whether there is any webhook at all. */
  has(kind: WebhookKind): boolean
  /** In the order in which they are asked. */
  webhooks(kind: WebhookKind, cluster: string): readonly Webhook[]
}

/** The webhooks of each logical cluster, as they are this moment; made ready when they are first asked for. */
export class WebhookIndex implements BoundWebhooks {
  readonly #kinds: Record<WebhookKind, OneKind>

  constructor(store: Store) {
    this.#kinds = { mutating: new OneKind(store, 'mutating'), validating: new OneKind(store, 'validating') }
  }

  has(kind: WebhookKind): boolean {
    return this.#kinds[kind].any
  }

  webhooks(kind: WebhookKind, cluster: string): readonly Webhook[] {
    return this.#kinds[kind].of(cluster)
  }

  close(): void {
    for (const kind of Object.values(this.#kinds)) kind.end()
  }
}

const NONE: readonly Webhook[] = []

class OneKind {
  readonly #configurations: ByCluster<WebhookConfiguration> = new Map()
  readonly #ready = new Map<string, readonly Webhook[]>()
  readonly end: () => void

  constructor(store: Store, kind: WebhookKind) {
    const changed = (cluster: string) => void this.#ready.delete(cluster)
    const parse = ({ bytes }: { bytes: Buffer }) => parseOwnJson<WebhookConfiguration>(bytes)
    this.end = followObjects(store, `${kind}webhookconfigurations`, this.#configurations, parse, changed)
  }

  get any(): boolean {
    return this.#configurations.size > 0
  }

  of(cluster: string): readonly Webhook[] {
    const configurations = this.#configurations.get(cluster)
    if (configurations === undefined) return NONE
    const known = this.#ready.get(cluster)
    if (known !== undefined) return known
    const made = webhooksOf([...configurations.values()])
    this.#ready.set(cluster, made)
    return made
  }
}
