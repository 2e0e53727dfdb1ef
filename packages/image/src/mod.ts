export { type BundleReport, bundle } from './bundle.ts'
export { programs } from './programs.ts'
