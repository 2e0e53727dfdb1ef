import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSigningKey, ServiceAccountTokens, storeAccounts, TokenAuthenticator } from '../../kube/authn/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import type { HttpHandler } from '../../kube/http.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import { makeDirectory } from '../../make-directory.ts'
import { openStore, type Store } from '../../store/mod.ts'
import { ExportsByIdentity } from '../apis/mod.ts'
import { CLUSTER_NAME_EXTRA } from '../authz/mod.ts'
import {
  bootstrapContent,
  bootstrapExports,
  copyRoot,
  identitiesOf,
  registerShard,
  rememberRoot,
  rootExportKeys,
} from '../bootstrap/mod.ts'
import { Directory } from '../clusters/mod.ts'
import { Replication } from './cache.ts'
import { frontProxy } from './front-proxy.ts'
import { ReplicatedPolicies } from './policies.ts'
import { ReplicatedAdmission } from './replicated-admission.ts'
import { Shard } from './shard.ts'
import type { Shared } from './shared.ts'
import { testUser } from './test-users.ts'
import type { InstallationOptions, Served } from './types.ts'

/** Of service account tokens; kcp's `--service-account-issuer`. */
const ISSUER = 'https://kcp.default.svc'
const SIGNING_KEY_FILE = 'service-account.key'

/** The shards of a sandbox with what they share. The first one holds root. */
export class Installation implements Served {
  readonly shards: readonly Shard[]
  readonly frontProxy: HttpHandler
  readonly #shared: Shared

  private constructor(shards: readonly Shard[], shared: Shared) {
    this.shards = shards
    this.#shared = shared
    this.frontProxy = frontProxy({ ...shared, shards })
  }

  /** Opens the stores, writes what root needs and starts all controllers; resolves when everything is served. */
  static async open(options: InstallationOptions): Promise<Installation> {
    const stores = await openStores(options.shards)
    const shards: Shard[] = []
    try {
      return await Installation.#over(stores, shards, options)
    } catch (error) {
      await Promise.all([...shards, ...stores].map((each) => each.close()))
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close()))
    this.#shared.directory.close()
    this.#shared.exports.close()
  }

  /** Puts what it makes into `shards`, so that it can be closed if this fails. */
  static async #over(
    stores: readonly Store[],
    shards: Shard[],
    { shards: wanted, externalUrl, dir, rootCa, log, onChange }: InstallationOptions,
  ): Promise<Installation> {
    // What is there already may have more in it than every root has.
    const isNew = stores[0]!.revision === 0
    const isCopy = isNew && copyRoot(stores[0]!, new Date())
    const keys = rootExportKeys(stores[0]!)
    const signingKey = await signingKeyIn(dir)
    const cache = new Replication()
    const directory = new Directory(cache)
    const exports = new ExportsByIdentity(cache)
    const accounts = storeAccounts(() => storesOf(shards))
    const tokens = new ServiceAccountTokens({ signingKey, accounts, issuer: ISSUER, clusterExtra: CLUSTER_NAME_EXTRA })
    const shared: Shared = {
      ...{ cache, directory, exports, accounts, tokens, rootCa, log, onChange },
      policies: new ReplicatedPolicies(),
      replicatedAdmission: new ReplicatedAdmission(),
      authenticator: new TokenAuthenticator({ knownUser: testUser, serviceAccounts: tokens }),
      identities: identitiesOf(keys),
      now: () => new Date(),
      clientAt: (shard, cluster) => clientAt(shards, shard, cluster),
    }
    shards.push(...wanted.map((each, index) => shardOf(each, stores[index]!, externalUrl, shared)))
    const installation = new Installation(shards, shared)
    await installation.#start(isCopy ? undefined : keys, isNew)
    return installation
  }

  /** `keys` of root's exports; without them, root has all that it needs. `isNew`: nothing else is in it. */
  async #start(keys: ReadonlyMap<string, string> | undefined, isNew: boolean): Promise<void> {
    for (const shard of this.shards) await shard.open()
    const root = this.shards[0]!
    if (keys !== undefined) bootstrapExports(root.services, keys)
    for (const shard of this.shards) shard.startControllers()
    if (keys !== undefined) await bootstrapContent(root.services)
    // Shards are each sandbox's own.
    if (isNew) rememberRoot(root.services.store, this.#shared.identities)
    for (const { info } of this.shards) await registerShard(root.services, info)
  }
}

function* storesOf(shards: readonly Shard[]): Iterable<Store> {
  for (const shard of shards) if (shard.isRunning) yield shard.services.store
}

type WantedShard = InstallationOptions['shards'][number]

/** All of them or none: a directory that nobody uses is left to others. */
async function openStores(wanted: readonly WantedShard[]): Promise<Store[]> {
  const opened = await Promise.allSettled(wanted.map(({ dir }) => openStore(dir === undefined ? {} : { dir })))
  const stores = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = opened.find((each) => each.status === 'rejected')
  if (failed === undefined) return stores
  await Promise.all(stores.map((store) => store.close()))
  throw failed.reason
}

function shardOf(
  { name, url, virtualWorkspaceUrl, dir }: WantedShard,
  store: Store,
  externalUrl: string,
  shared: Shared,
): Shard {
  const info = { name, url, virtualWorkspaceUrl, externalUrl }
  return new Shard(info, { store, ...(dir !== undefined && { dir }) }, shared)
}

function clientAt(shards: readonly Shard[], name: string, cluster: string): LocalClient {
  const shard = shards.find(({ info }) => info.name === name)
  if (shard === undefined) throw StatusError.unavailable(`there is no shard ${name}`)
  return shard.client(cluster)
}

/** Tokens outlive a restart where there is a directory. */
async function signingKeyIn(dir: string | undefined): Promise<string> {
  if (dir === undefined) return createSigningKey()
  const file = join(dir, SIGNING_KEY_FILE)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const key = createSigningKey()
  await makeDirectory(dir)
  await writeFile(file, key, { mode: 0o600 })
  return key
}
