import { serveSandbox } from './assembly.ts'
import { Installation } from './kcp/shards/mod.ts'
import type { Sandbox, SandboxOptions } from './types.ts'

/**
 * Starts a control plane; resolves when it serves. Many may run in one process: they share nothing but their certificate authorities.
 * Rejects with the system's error where a port (EADDRINUSE) or the directory cannot be had.
 */
export function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return serveSandbox((installation) => Installation.open(installation), options)
}
