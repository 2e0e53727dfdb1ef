export { type LabelSelector, validateLabelSelector } from './label-selectors.ts'
export { builtInResources } from './resources.ts'
