export { parseFieldSelector } from './field-selector.ts'
export { parseLabelSelector } from './label-selector.ts'
export { labelSelectorMatches } from './label-selector-object.ts'
