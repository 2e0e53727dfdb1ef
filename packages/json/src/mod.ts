export { endOfString } from './end-of-string.ts'
export { parseJson } from './parse-json.ts'
export { stringifyJson } from './stringify-json.ts'
