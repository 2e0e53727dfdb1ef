export { openStore } from './open.ts'
export {
  CompactedError,
  type Encode,
  type Entry,
  ExistsError,
  type ListOptions,
  MissingError,
  type ObjectKey,
  type Page,
  type Range,
  StaleError,
  type Store,
  type StoreEvent,
} from './types.ts'
