export { type Authorities, authoritiesIn, sharedAuthorities, writeClientAuthority } from './authorities.ts'
export type { ContextName } from './context-name.ts'
export { type Endpoint, openEndpoints } from './endpoint.ts'
export { keepPorts, readPorts } from './kept-ports.ts'
export {
  KCP_ADMIN,
  type KubeconfigParts,
  kubeconfigText,
  SHARD_ADMIN,
  workspaceKubeconfig,
} from './kubeconfig.ts'
