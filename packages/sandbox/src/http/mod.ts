export { type Authorities, authoritiesIn, sharedAuthorities, writeClientAuthority } from './authorities.ts'
export { type Endpoint, openEndpoints } from './endpoint.ts'
export { keepPorts, readPorts } from './kept-ports.ts'
export { type ContextName, KCP_ADMIN, type KubeconfigParts, kubeconfigText, SHARD_ADMIN } from './kubeconfig.ts'
