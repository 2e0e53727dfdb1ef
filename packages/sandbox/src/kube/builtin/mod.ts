export { type BuiltInOptions, builtInResources } from './resources.ts'
