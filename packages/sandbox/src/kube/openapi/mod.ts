export type { DocumentedGroups } from './discovery.ts'
export { openApiV2 } from './v2.ts'
export { openApiV2Protobuf } from './v2-protobuf.ts'
export { openApiV3Document, openApiV3Index } from './v3.ts'
