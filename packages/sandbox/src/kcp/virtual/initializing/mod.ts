export { InitializingWorkspaces } from './initializing-workspaces.ts'
