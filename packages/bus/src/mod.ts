export { Bucket, type BucketEntry } from './bucket.ts'
export { Bus, type BusOptions } from './bus.ts'
export { type BusConnection } from './connect.ts'
export { BusUnusableError, isTerminal, TerminalError } from './errors.ts'
export type { InventoryItem } from './inventory.ts'
export { acceptAPIKey, type Address, Layout, type Part, token } from './layout.ts'
export { Membership } from './membership.ts'
export type {
  AcceptAPIMessage,
  CopyMessage,
  DecisionMessage,
  KubeObject,
  Messages,
  RecordMessage,
  RelatedMessage,
  RelatedMeta,
  SourceMessage,
  SourceRef,
} from './messages.ts'
export type { ParkedMessage } from './parked.ts'
export { offerEntry, type OfferEntry, offerKey } from './offers.ts'
export { type ConsumerEvent, DONE, type Outcome, PartitionConsumer, type PartitionHandle } from './partition-consumer.ts'
export type { KeyView } from './partition-view.ts'
export type { ObjectRef, Publication } from './publisher.ts'
