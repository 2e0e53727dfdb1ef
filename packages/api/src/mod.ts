export { approvalCommand, isApproved, lacksApproval } from './approvals.ts'
export type { Program } from './cel/program.ts'
export { celInput } from './cel/values.ts'
export { claimsPatch, isSameClaim } from './claims-patch.ts'
export { getCondition, type NextCondition, setCondition, sortConditions, timestamp } from './conditions.ts'
export { type ConsumerStatusInput, consumerStatus, sameStatus } from './consumer-status.ts'
export { acceptedBy, type Decision, decide, isBarred, type PlacementWorld, type Question } from './decide.ts'
export { refusalMessage } from './decision-message.ts'
export { durationMs, durationText } from './duration.ts'
export { compileAcceptAPI, type MatchResult, matchFilters, type Offer, type OfferRef } from './filters/compile.ts'
export type { Consumer } from './filters/consumers.ts'
export { type BrokeredObject, selectsResource, servesConsumer } from './filters/match.ts'
export type { Refusal, RuleName } from './filters/refusal.ts'
export { globalServiceAccount, kcpLayout, type ServiceSetLayout, serviceSetLayout } from './kcp-layout.ts'
export * from './kinds/mod.ts'
export { mergePatched, mergePatchOf } from './merge-patch.ts'
export { hasEnded, isMoveOf, isPending, migrationsOf, openMoves, runningMove } from './moves.ts'
export {
  annotations,
  conditionTypes,
  fieldManager,
  finalizer,
  labels,
  offerConditionType,
  reasons,
  stagesFinalizer,
} from './names.ts'
export {
  assignmentName,
  clusterLabel,
  copiesExportName,
  copyName,
  keyOf,
  keyOfAssignment,
  keyOfQuota,
  keyOfQuotaUsage,
  type MigrationIdentity,
  migrationName,
  type ObjectIdentity,
  type Origin,
  offerUsageName,
  originAnnotations,
  originName,
  originOf,
  type ProviderExport,
  providerName,
  type QuotaOf,
  quotaUsageName,
  type StagingPlace,
  stageObjectName,
  stagingWorkspaceName,
  verificationWorkspaceName,
} from './naming.ts'
export { type Explanation, OfferIndex, type RefusedOffer } from './offers/offer-index.ts'
export { compareOffers, compareRefs, sameRef } from './offers/rank.ts'
export { compilePolicy, type Policy } from './policies/compile-policy.ts'
export {
  type Absences,
  absencesOf,
  awaySince,
  type Failover,
  type FailoverWord,
  failoverFrom,
  type Places,
  placesAfter,
  tooManyAway,
} from './policies/failover.ts'
export { PolicyIndex } from './policies/policy-index.ts'
export { requirementText, satisfies } from './policies/rate.ts'
export type { Scores } from './policies/scores.ts'
export { compareQuantities, parseQuantity, type Quantity } from './quantity.ts'
export { compileQuota, type Quota } from './quotas/compile-quota.ts'
export { type Line, lineOf, whoEnters } from './quotas/line.ts'
export { QuotaIndex } from './quotas/quota-index.ts'
export { TOLD_IN_LINE, waitsMessage } from './quotas/waits-message.ts'
export { type Readiness, readiness } from './readiness.ts'
export { isPartOf } from './records.ts'
export { mayTravel, type RelatedResource, relatedResources } from './related-resources.ts'
export { compileStage, type Stage as CompiledStage } from './stages/compile-stage.ts'
export { hasTemplates } from './stages/has-templates.ts'
export { isBefore, phasesOf } from './stages/phases.ts'
export { configurationsFor, shadowOf, whenOf } from './stages/precedence.ts'
export { renderObject } from './stages/render.ts'
export { resultText } from './stages/result-text.ts'
export { seesCopies } from './stages/sees-copies.ts'
export { STAGE_KINDS } from './stages/stage-kinds.ts'
export { configurationMistakes } from './stages/validate.ts'
export { isFor, type WhenSees } from './stages/when.ts'
export { type Standing, standingOf } from './standing.ts'
