export { Bucket, type BucketEntry } from './bucket.ts'
export { Bus, type BusOptions } from './bus.ts'
export type { BusConnection } from './connect.ts'
export {
  type ConsumerEvent,
  DONE,
  type Fence,
  type Outcome,
  type PartitionHandle,
  type Run,
} from './consumer-options.ts'
export type { CopiesEvent } from './copies.ts'
export {
  BusUnusableError,
  isOvertaken,
  isTerminal,
  isTooLarge,
  isUnreachable,
  OvertakenError,
  OwnershipLostError,
  TerminalError,
  TooLargeError,
} from './errors.ts'
export type { Contents, InventoryItem } from './inventory.ts'
export { type Address, acceptAPIKey, configurationKey, Layout, type Part, policyKey, token } from './layout.ts'
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
  StagedMessage,
} from './messages.ts'
export { answered, tooLargeMessage } from './messages.ts'
export { type OfferEntry, offerEntry, offerKey } from './offers.ts'
export { Attempts, PASSING_MS } from './ownership/attempts.ts'
export { KeyQueue } from './ownership/key-queue.ts'
export type { ParkedKey } from './parked.ts'
export { PartitionConsumer } from './partition-consumer.ts'
export { type KeyView, LEARNED_FOR_MS, type Told } from './partition-view.ts'
export type { PublishEvent } from './publish-trouble.ts'
export type { ObjectRef, Publication } from './publisher.ts'
export { type Permissions, permissionsOf } from './rights/permissions.ts'
export { type BusUser, busUsers } from './rights/uses.ts'
