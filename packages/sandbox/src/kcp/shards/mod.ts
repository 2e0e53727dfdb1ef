export { Installation } from './installation.ts'
