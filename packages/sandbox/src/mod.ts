export { startSandbox } from './sandbox.ts'
export type { Sandbox, SandboxChange, SandboxOptions, SandboxShard } from './types.ts'
