export { type ListMeta, partialMetadata, partialMetadataList } from './partial-metadata.ts'
export { tableOf } from './table.ts'
