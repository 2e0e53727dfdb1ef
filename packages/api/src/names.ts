/** Every name that the broker puts on other people's objects, defined once. */
const own = 'broker.platform-mesh.io'

/** On copies they say where a copy comes from; on consumer objects they inform. Routing never reads them. */
export const annotations = {
  consumerCluster: `${own}/consumer-cluster`,
  consumerNamespace: `${own}/consumer-namespace`,
  consumerName: `${own}/consumer-name`,
  consumerUID: `${own}/consumer-uid`,
  /** metadata.generation of the consumer's object that a copy holds, or that a Migration was asked for. */
  consumerGeneration: `${own}/consumer-generation`,
  providerCluster: `${own}/provider-cluster`,
  /** On copies: which broker made it. What carries another id, or none, is not this broker's. */
  brokerID: `${own}/broker-id`,
  /** On copies: metadata.uid of the Assignment on whose account it is there. */
  assignmentUID: `${own}/assignment-uid`,
  /** On copies that serve nobody any more and are kept for a while, so that their move can be undone: until when (RFC 3339). */
  keptUntil: `${own}/kept-until`,
  /** On consumer objects: "true" has one that was restored from a backup keep the copy that an earlier object of its name has. */
  adopt: `${own}/adopt`,
  /** On a consumer's Secrets and ConfigMaps that the broker made: which other objects name the same and have it once its owner goes. */
  wantedBy: `${own}/wanted-by`,
  /** On what a stage deploys: the attempt of the stage. */
  migrationAttempt: `${own}/migration-attempt`,
  /** On Assignments and Migrations, where there are traces: the step that asked for them as they are, as a W3C traceparent. */
  traceparent: `${own}/traceparent`,
  /** On StagingWorkspaces: the resourceVersion over which one was last taken into use, so that it has another one from then on. */
  takenUpOver: `${own}/taken-up-over`,
  /** On the broker's exports of copies: the logical cluster in which the provider's export was tried that they claim from. */
  triedIn: `${own}/tried-in`,
  /** On an AcceptAPI of the Go broker: the APIExport, before spec.apiExportName was there. */
  kcpAPIExportName: `${own}/kcp-apiexport-name`,
} as const

export const labels = {
  /** On a consumer's Secrets and ConfigMaps that the broker made: the key of the object that they belong to. */
  relatedTo: `${own}/related-to`,
  /** On the same: which broker made it. */
  brokerID: `${own}/broker-id`,
  /** On Assignments: their object's key, as their name has it. Those of the version before lack it: its keys held the version of the API. */
  key: `${own}/key`,
  /** On Assignments: the uid of the cluster of their objects, by whatever name it goes. */
  consumerClusterUID: `${own}/consumer-cluster-uid`,
  /** On Assignments: which name that cluster went by, as `clusterLabel` makes it. */
  consumerCluster: `${own}/consumer-cluster`,
  migrationName: `${own}/migration-name`,
  migrationStage: `${own}/migration-stage`,
} as const

/** On Migrations: leaves only after what their stages deployed was seen gone. */
export const stagesFinalizer = `${own}/stages`

/** On consumer objects: leaves only after the copies were seen gone. */
export const finalizer = `${own}/finalizer`

/** Owner of the fields that the broker applies with server-side apply. */
export const fieldManager = 'resource-broker'

export const conditionTypes = {
  /** AcceptAPI, kcp: the export can be bound, proved in a verification workspace. */
  bindingVerified: 'BindingVerified',
  /** AcceptAPI: valid, indexed, objects can be routed. Migration: it ended well. */
  ready: 'Ready',
  /** Consumer objects. */
  placed: 'Placed',
  synced: 'Synced',
  migrating: 'Migrating',
  /** Assignment: False while the provider that has the object accepts it no longer, Unknown while that is away and the object is to fail over. */
  accepted: 'Accepted',
  /** Migration. */
  stagingWorkspaceReady: 'StagingWorkspaceReady',
  stagesCompleted: 'StagesCompleted',
  cutoverCompleted: 'CutoverCompleted',
  /** Migration: True while somebody keeps it from going on. */
  paused: 'Paused',
  /** Migration: False while something of its stages may be left at the compute cluster, and cannot be removed. */
  cleanedUp: 'CleanedUp',
  /** StagingWorkspace. */
  workspaceReady: 'WorkspaceReady',
  bindingReady: 'BindingReady',
  /** Provider: the broker can speak to it. */
  reachable: 'Reachable',
  drained: 'Drained',
  /** PlacementPolicy: False while no provider has what it requires. */
  satisfiable: 'Satisfiable',
  /** PlacementPolicy that has objects fail over: False while none does, as too many providers are away. */
  failover: 'Failover',
} as const

/**
 * The type of a set of services' own condition on an AcceptAPI: each set of a kcp with several has its own word on an offer, beside
 * those of the others.
 */
export function offerConditionType(
  type: typeof conditionTypes.ready | typeof conditionTypes.bindingVerified,
  shard: string | undefined,
): string {
  return shard === undefined ? type : `${shard}/${type}`
}

export const reasons = {
  placed: 'Placed',
  /** No offer takes the object, be it that none accepts it or that the providers of those which do are closed. */
  noProviderAccepts: 'NoProviderAccepts',
  /** An offer accepts the object, and its policy does not allow the provider. */
  policyForbids: 'PolicyForbids',
  /** An offer accepts the object, and nobody can tell whether its policy allows the provider, or its quota has a place. */
  misconfigured: 'Misconfigured',
  /** An offer accepts the object, and has no place for it now. */
  full: 'Full',
  /** An offer takes the object, and a ConsumerQuota has no place for it now. */
  quotaExceeded: 'QuotaExceeded',
  placementFails: 'PlacementFails',
  tooLarge: 'TooLarge',
  providerNoLongerAccepts: 'ProviderNoLongerAccepts',
  /** Of Accepted: the provider is drained, and keeps the object. */
  nobodyElseAccepts: 'NobodyElseAccepts',
  /** Of Accepted: the provider is away, and the object fails over when that has lasted. */
  awaitsFailover: 'AwaitsFailover',
  /** Of the same: it would fail over, and something is in the way. */
  failoverHeld: 'FailoverHeld',
  accepted: 'Accepted',
  notAccepted: 'NotAccepted',
  synced: 'Synced',
} as const
