export { startSandbox } from './sandbox.ts'
export type { Sandbox, SandboxOptions, SandboxShard } from './types.ts'
