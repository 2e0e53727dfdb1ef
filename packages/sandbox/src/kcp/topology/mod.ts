export { partitionSetController } from './partition-sets.ts'
