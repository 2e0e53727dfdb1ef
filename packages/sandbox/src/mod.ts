export type { HttpRequest, HttpResponse } from './kube/http.ts'
export { startSandbox } from './sandbox.ts'
export type { Intercept, Sandbox, SandboxChange, SandboxOptions, SandboxShard } from './types.ts'
