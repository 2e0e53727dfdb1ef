export { Installation } from './installation.ts'
export type { InstallationOptions, Served, ServedShard } from './types.ts'
