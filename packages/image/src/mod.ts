export { type BundleReport, bundle } from './bundle.ts'
export { writeSandboxPackage } from './npm/sandbox-package.ts'
export { programs } from './programs.ts'
