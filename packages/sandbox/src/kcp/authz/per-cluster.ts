import type { UserInfo } from '../../kube/user.ts'

const MAX_CLUSTERS = 1_000

/**
 * What follows from a user and a logical cluster alone, made once for each. A user never changes, and who shows the same credentials
 * on the same connection is the same object, so nothing outdates it; it is forgotten with the user.
 */
export class PerCluster<T> {
  readonly #make: (user: UserInfo, cluster: string) => T
  readonly #known = new WeakMap<UserInfo, Map<string, T>>()

  constructor(make: (user: UserInfo, cluster: string) => T) {
    this.#make = make
  }

  of(user: UserInfo, cluster: string): T {
    const ofUser = this.#known.get(user) ?? new Map<string, T>()
    const known = ofUser.get(cluster)
    if (known !== undefined) return known
    const made = this.#make(user, cluster)
    if (ofUser.size >= MAX_CLUSTERS) ofUser.clear()
    this.#known.set(user, ofUser.set(cluster, made))
    return made
  }
}
