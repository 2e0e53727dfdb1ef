import type { ServiceSetLayout } from '@resource-broker/api'
import { acceptAPICrd, coordinationCrds } from './own-crds.ts'
import type { Crd, Manifest } from './types.ts'
import { coordinationManifests, platformManifests, stagingManifests, verificationManifests } from './workspaces.ts'

/** Paths of the broker's workspaces. */
export type Layout = ServiceSetLayout & { platformWorkspace: string }

type Input = Layout & {
  brokered: Crd[]
  /** The broker. */
  user: string
  /** A shard: of the brokered kinds its consumers are seen alone, by a set of services for it. */
  partition?: string | undefined
}

/** What the broker needs in each of its workspaces, in the order to apply it in. */
export function brokerManifests(input: Input): [path: string, Manifest[]][] {
  const { platformWorkspace, coordinationWorkspace, stagingTreeRoot, verificationTreeRoot, brokered, user, partition } =
    input
  const crds = coordinationCrds()
  return [
    [platformWorkspace, platformManifests(acceptAPICrd(), brokered, { user, partition })],
    [coordinationWorkspace, coordinationManifests({ crds, brokered, platformWorkspace, user, partition })],
    [stagingTreeRoot, stagingManifests(user, stagingTreeRoot)],
    [verificationTreeRoot, verificationManifests(user)],
  ]
}
