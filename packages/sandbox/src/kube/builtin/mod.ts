export { builtInResources } from './resources.ts'
