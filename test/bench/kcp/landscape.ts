// The kcp and the nats-server of the bench in a process of their own, whose CPU is that of the sandbox. Takes a directory, a CRD
// file and the number of shards, and lives as long as whoever forked it.
import { startKcpLandscape } from '../../support/kcp-landscape.ts'

/** What the bench has to know of it. */
export type Ground = {
  adminKubeconfig: string
  /** Of the whole kcp, and of each shard. */
  url: string
  shardUrls: string[]
  coordinationWorkspace: string
  /** Whom providers let bind their exports. */
  user: string
  /** Flags that make the broker work on it. */
  flags: string[]
  natsPid: number
}

const [dir = '', crd = '', shards = '1'] = process.argv.slice(2)
const kcp = await startKcpLandscape({ dir, consumers: [], providers: [], brokeredCrds: [crd], shards: Number(shards) })
process.once('disconnect', () => void kcp.stop().then(() => process.exit()))
process.send?.({
  adminKubeconfig: kcp.adminKubeconfig,
  url: kcp.sandbox.url,
  shardUrls: kcp.sandbox.shards.map(({ url }) => url),
  coordinationWorkspace: kcp.bootstrapped.config.coordinationWorkspace,
  user: kcp.bootstrapped.user,
  flags: kcp.flags,
  natsPid: kcp.nats.process.pid as number,
} satisfies Ground)
