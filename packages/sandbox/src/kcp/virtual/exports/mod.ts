export { ExportWorkspaces } from './export-workspaces.ts'
