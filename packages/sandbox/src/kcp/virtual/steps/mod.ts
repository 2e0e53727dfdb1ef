export { StepWorkspaces } from './step-workspaces.ts'
