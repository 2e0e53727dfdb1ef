import { acceptAPICrd, coordinationCrds } from './own-crds.ts'
import type { Crd, Manifest } from './types.ts'
import { coordinationManifests, platformManifests, stagingManifests, verificationManifests } from './workspaces.ts'

/** Paths of the broker's workspaces. */
export type Layout = {
  platformWorkspace: string
  coordinationWorkspace: string
  stagingTreeRoot: string
  verificationTreeRoot: string
}

/** What the broker needs in each of its workspaces, in the order to apply it in. `user` is the broker. */
export function brokerManifests(input: Layout & { brokered: Crd[]; user: string }): [path: string, Manifest[]][] {
  const { platformWorkspace, coordinationWorkspace, stagingTreeRoot, verificationTreeRoot, brokered, user } = input
  const crds = coordinationCrds()
  return [
    [platformWorkspace, platformManifests(acceptAPICrd(), brokered, user)],
    [coordinationWorkspace, coordinationManifests({ crds, brokered, platformWorkspace, user })],
    [stagingTreeRoot, stagingManifests(user, stagingTreeRoot)],
    [verificationTreeRoot, verificationManifests(user)],
  ]
}
