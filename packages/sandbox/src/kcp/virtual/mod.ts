import { StatusError } from '../../kube/errors.ts'
import type { VirtualWorkspaceOptions, VirtualWorkspaces } from '../shards/types.ts'

/** Answers below `/services/`. */
export function createVirtualWorkspaces(_options: VirtualWorkspaceOptions): VirtualWorkspaces {
  return async () => {
    throw StatusError.noSuchPath()
  }
}
