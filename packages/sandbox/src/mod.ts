export type { HttpRequest, HttpResponse, StreamSink } from './kube/http.ts'
export { startSandbox } from './sandbox.ts'
export type {
  Intercept,
  Sandbox,
  SandboxChange,
  SandboxOptions,
  SandboxShard,
  SandboxWorkspace,
  WorkspaceOptions,
} from './types.ts'
