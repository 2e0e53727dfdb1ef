import type { Membership } from '@resource-broker/bus'
import type { Clusters, View } from '@resource-broker/service'
import type { WatcherContext } from './context.ts'
import type { Inventory } from './inventory.ts'
import { ViewWatches } from './view-watches.ts'

/** The views that this replica watches: its share of those that there are. */
export class WatchedViews {
  readonly #context: WatcherContext
  readonly #views: Clusters['views']
  readonly #load: (views: View[]) => Promise<Inventory>
  readonly #running = new Map<string, { view: View; watches: ViewWatches }>()
  #wanted = new Map<string, View>()
  #isBeginning = false
  #losses = 0

  /**
   * `load` answers what the stream holds now of what views show. A view that begins, be it again, asks anew: until then another replica may have watched
   * it, or nobody, and what has gone since is known from the stream alone. It never rejects.
   */
  constructor(context: WatcherContext, views: Clusters['views'], load: (views: View[]) => Promise<Inventory>) {
    this.#context = context
    this.#views = views
    this.#load = load
  }

  /** Starts and stops watches so that exactly this replica's share is watched. */
  balance(membership: Pick<Membership, 'shareOf'>): void {
    const all = this.#views.all
    const share = membership.shareOf(all.map(({ id }) => id))
    this.#wanted = new Map(all.filter(({ id }) => share.has(id)).map((view) => [view.id, view]))
    for (const [id, { view }] of this.#running) if (this.#wanted.get(id)?.client !== view.client) this.#end(id)
    void this.#begin()
  }

  #beginAnew(id: string): void {
    this.#end(id)
    void this.#begin()
  }

  /**
   * The stream is lost, and with it all that it held: everything is told again, by what it holds by then. That may be of a watch of another
   * replica, which told of something anew and then let its view go.
   */
  restart(): void {
    this.#losses++
    this.#endAll()
    void this.#begin()
  }

  stop(): void {
    this.#wanted.clear()
    this.#endAll()
  }

  #endAll(): void {
    for (const id of this.#running.keys()) this.#end(id)
  }

  #end(id: string): void {
    this.#running.get(id)?.watches.stop()
    this.#running.delete(id)
  }

  /** Who calls while it is under way is served by it: between its last look at what is missing and its end is no time. */
  async #begin(): Promise<void> {
    if (this.#isBeginning) return
    this.#isBeginning = true
    for (let views = this.#missing; views.length > 0; views = this.#missing) {
      const losses = this.#losses
      // What a watch that ended has under way would be in no inventory, and nobody could tell that it is gone.
      await this.#context.settled()
      const inventory = await this.#load(views)
      if (losses !== this.#losses) continue
      for (const { id } of views) {
        const view = this.#wanted.get(id)
        if (view === undefined) continue
        const watches = new ViewWatches(this.#context, view, inventory, () => this.#beginAnew(id))
        this.#running.set(id, { view, watches })
      }
    }
    this.#isBeginning = false
  }

  get #missing(): View[] {
    return [...this.#wanted.values()].filter(({ id }) => !this.#running.has(id))
  }
}
