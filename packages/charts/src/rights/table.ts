/** What a cluster is to the broker. */
export const ROLES = ['platform', 'consumer', 'provider'] as const
export type ClusterRole = (typeof ROLES)[number]

/** What one service may do with some resources of a cluster, and what for. Without `names` it is all objects of these resources. */
export type Right = { why: string; group: string; resources: string[]; names?: string[]; verbs: string[] }

type Rights = Partial<Record<ClusterRole, Right[]>>

/** The brokered kind that the roles in deploy/rbac name, for the user to replace. */
export const BROKERED = { group: 'example.platform-mesh.io', resource: 'certificates' }

const COORD = 'coord.broker.platform-mesh.io'
const WATCH = ['list', 'watch']

const identity: Right = {
  why: 'By its uid a cluster is known, whatever the name of its kubeconfig.',
  ...{ group: '', resources: ['namespaces'], names: ['kube-system', 'default'], verbs: ['get'] },
}
const providers: Right = {
  why: 'What the platform says of providers.',
  group: COORD,
  resources: ['providers'],
  verbs: WATCH,
}
const claims: Right = {
  why: 'By which other name the objects of a cluster are placed already.',
  ...{ group: COORD, resources: ['assignments'], verbs: ['list'] },
}
const events: Right = {
  why: 'What goes wrong is also an Event.',
  ...{ group: '', resources: ['events'], verbs: ['create'] },
}
/** What every service asks that meets consumers and providers. */
const common: Record<ClusterRole, Right[]> = {
  platform: [identity, providers, claims],
  consumer: [identity],
  provider: [identity],
}

const assignments = (why: string, verbs: string[]): Right => ({ why, group: COORD, resources: ['assignments'], verbs })
const migrations = (why: string, verbs: string[]): Right => ({ why, group: COORD, resources: ['migrations'], verbs })
const brokered = (why: string, verbs: string[]): Right => ({
  ...{ why, group: BROKERED.group, resources: [BROKERED.resource], verbs },
})
const status: Right = {
  why: "The provider's answer, and why there is none.",
  ...{ group: BROKERED.group, resources: [`${BROKERED.resource}/status`], verbs: ['patch'] },
}
const related = (why: string, verbs: string[]): Right => ({
  ...{ why, group: '', resources: ['secrets', 'configmaps'], verbs },
})
const offers = (why: string, verbs: string[]): Right => ({
  ...{ why, group: 'broker.platform-mesh.io', resources: ['acceptapis'], verbs },
})

/** Who needs what where, on plain clusters. In a kcp all services have one identity, whose rights `bootstrap` gives. */
export const rightsOfServices = {
  'workspace-watcher': {
    platform: [
      ...common.platform,
      assignments('It publishes them; the younger of two for one object goes.', [...WATCH, 'delete']),
      {
        why: 'It publishes them.',
        ...{ group: COORD, resources: ['migrations', 'migrationconfigurations', 'placementpolicies'], verbs: WATCH },
      },
      {
        why: "It makes one for each provider that it meets. Labels, spec.lost and spec.approvedMoves are the platform's own.",
        ...{ group: COORD, resources: ['providers'], verbs: ['create'] },
      },
      { why: 'How each provider is.', group: COORD, resources: ['providers/status'], verbs: ['patch'] },
    ],
    consumer: [
      ...common.consumer,
      brokered('It publishes them.', WATCH),
      related('It publishes the metadata of those that the broker made.', WATCH),
    ],
    provider: [
      ...common.provider,
      offers('It publishes them.', WATCH),
      brokered('It publishes the copies.', WATCH),
      related("It publishes the metadata of those that a copy's status refers to.", WATCH),
    ],
  },
  'acceptapi-registry': {
    platform: common.platform,
    consumer: common.consumer,
    provider: [
      ...common.provider,
      offers('It judges them as they are now.', ['get']),
      {
        why: 'It tells what it found.',
        ...{ group: 'broker.platform-mesh.io', resources: ['acceptapis/status'], verbs: ['patch'] },
      },
      events,
    ],
  },
  'placement-scheduler': {
    platform: [
      ...common.platform,
      assignments('It places objects, anew where they changed.', ['get', 'create', 'patch', 'delete']),
      migrations('It asks for moves, and takes them back.', ['get', 'list', 'create', 'patch']),
      {
        why: 'Who has which place at an offer that has a capacity.',
        ...{ group: COORD, resources: ['offerusages'], verbs: ['get', 'list', 'watch', 'create', 'patch'] },
      },
      {
        why: 'It goes by them, and tells what is wrong with them.',
        ...{ group: COORD, resources: ['placementpolicies'], verbs: ['get', ...WATCH] },
      },
      {
        why: 'What is wrong with them.',
        ...{ group: COORD, resources: ['placementpolicies/status'], verbs: ['patch'] },
      },
      {
        why: 'How many objects of each consumer it may place.',
        ...{ group: COORD, resources: ['consumerquotas'], verbs: ['get', ...WATCH] },
      },
      {
        why: 'What is wrong with them, and what consumers have.',
        ...{ group: COORD, resources: ['consumerquotas/status'], verbs: ['patch'] },
      },
      {
        why: 'Which objects have a place under a quota, and which wait.',
        ...{ group: COORD, resources: ['quotausages'], verbs: ['get', ...WATCH, 'create', 'patch', 'delete'] },
      },
    ],
    consumer: [
      ...common.consumer,
      brokered('It puts the finalizer and an annotation on, and takes them off.', ['get', 'patch']),
      status,
      events,
    ],
    provider: [...common.provider, offers('It asks whether one that vanished is gone.', ['get'])],
  },
  'provider-syncer': {
    platform: [...common.platform, assignments('It records what it does, and ends them.', ['get', 'patch', 'delete'])],
    consumer: [
      ...common.consumer,
      brokered('It takes the finalizer off.', ['get', 'patch']),
      status,
      related('It touches those alone that the broker made, but RBAC cannot tell those from others.', [
        ...['get', 'create', 'update', 'delete'],
      ]),
      events,
    ],
    provider: [
      ...common.provider,
      brokered('The copies. Server-side apply needs create as well as patch.', ['get', 'create', 'patch', 'delete']),
      related("The content of those that a copy's status refers to.", ['get']),
      {
        why: "A consumer's namespace that is not there yet.",
        ...{ group: '', resources: ['namespaces'], verbs: ['create'] },
      },
    ],
  },
  'migration-coordinator': {
    platform: [
      ...common.platform,
      assignments('It moves objects by them.', ['get', 'patch']),
      migrations('It drives them, and deletes those that ended long ago.', [...WATCH, 'get', 'patch', 'delete']),
      {
        why: 'How far a move is.',
        ...{ group: COORD, resources: ['migrations/status'], verbs: ['patch'] },
      },
      {
        why: 'It goes by them, and tells what is wrong with them.',
        ...{ group: COORD, resources: ['migrationconfigurations'], verbs: ['get', ...WATCH] },
      },
      {
        why: 'By them a configuration tells which moves it is for.',
        ...{ group: COORD, resources: ['providers'], verbs: ['get'] },
      },
      {
        why: 'Which moves run, where there is a limit for them, or a brake.',
        ...{ group: COORD, resources: ['migrationusages'], verbs: ['get', ...WATCH, 'create', 'patch'] },
      },
      {
        why: 'What is wrong with them.',
        ...{ group: COORD, resources: ['migrationconfigurations/status'], verbs: ['patch'] },
      },
      {
        why: 'What becomes of moves is also an Event; one counts those that wait for an approval.',
        ...{ group: '', resources: ['events'], verbs: ['create', 'patch'] },
      },
    ],
    consumer: common.consumer,
    provider: [
      ...common.provider,
      brokered('It asks whether a copy is there that nobody has told of.', ['get']),
      related('What stages get of what the two copies refer to.', ['get']),
    ],
  },
} satisfies Record<string, Rights> as Record<string, Rights>
