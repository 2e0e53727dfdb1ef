export { SchemaWorkspaces } from './schema-workspaces.ts'
