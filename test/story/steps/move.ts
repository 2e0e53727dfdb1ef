import { annotations, conditionTypes, type Migration, type MigrationState } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/testbed'
import type { Site } from '../../support/landscape.ts'
import { isFor } from '../certificate-in.ts'
import { conditionOf, has, toldCondition, toldConditions } from '../conditions-of.ts'
import { expect } from '../expectation.ts'
import type { Entry, Seen } from '../journal.ts'
import { CERTIFICATES, type CertificateObject, type ProviderPlace, type Stage } from '../stage.ts'
import type { Teller } from '../tell.ts'
import { awaitCertificate, isAvailable, NAME, nameOfAssignment, toldStatus } from './issue.ts'

const FQDN = 'app.external.corp'

/** What was seen of something, if it was. */
export type Moment = [what: string, entry: Entry | undefined]

/** From where to where, the name that the certificate is for after it, and what else has to come before the old copy goes. */
type Move = { from: ProviderPlace; to: ProviderPlace; fqdn: string; between?: Moment[] }

/** The consumer changes its mind, and the object moves without a gap. */
export async function move(stage: Stage, tell: Teller): Promise<void> {
  const { internalca: from, externalca: to } = stage
  tell.does('consumer', `patches fqdn to ${FQDN}, which internalca does not take and externalca does`)
  await patchFqdn(stage, FQDN)
  await Promise.all([awaitMigrating(stage, tell), awaitCertificate(stage, tell, to, NAME, FQDN)])
  await awaitGone(stage, tell, from)
  const ended = await awaitMigration(stage, tell, to, 'CutoverCompleted')
  tell.saw('platform', `Migration ${ended.name}:`, ended.at)
  const told = chapters(stage.migrations.of(ended.name))
  for (const { state, text, at } of told) tell.detail(text, { label: state, at })
  await awaitSettled(stage, tell, to)
  checkOrder(stage, tell, { from, to, fqdn: FQDN })
  checkSecret(stage, tell)
}

/** Changes what the consumer wants. */
export async function patchFqdn({ consumer }: Stage, fqdn: string): Promise<void> {
  const object = { ...CERTIFICATES, namespace: 'default', name: NAME }
  await consumer.site.kube.mergePatch(object, { spec: { fqdn } }, { fieldManager: 'story' })
}

async function awaitMigrating({ consumer: { certificates }, until }: Stage, tell: Teller): Promise<void> {
  const { object, at } = await until(
    `${NAME} gets the condition Migrating=True`,
    () => certificates.first(NAME, has(conditionTypes.migrating, 'True'), tell.began),
    () => toldConditions(certificates.latest(NAME)),
  )
  tell.saw('consumer', toldCondition(object, conditionTypes.migrating), at)
}

/** Waits until the copy at `from` is gone. */
export async function awaitGone(stage: Stage, tell: Teller, { site, certificates }: ProviderPlace): Promise<void> {
  const copy = stage.copyName(NAME)
  const gone = await stage.until(
    `the copy at ${site.name} goes`,
    () => certificates.gone(copy),
    () => toldStatus(certificates.latest(copy)),
  )
  tell.saw(site.name, 'the old copy is gone', gone.at)
}

/** The Migration to that provider, as it was when it came to a state in this step, or to a reason in it. */
export async function awaitMigration(
  { migrations, until }: Stage,
  tell: Teller,
  { site }: ProviderPlace,
  state: MigrationState,
  reason?: string,
): Promise<Seen<Migration & KubeObject>> {
  const isWanted = ({ spec, status }: Migration) =>
    spec.to.providerCluster === site.cluster &&
    status?.state === state &&
    (reason === undefined || conditionOf({ status }, conditionTypes.ready)?.reason === reason)
  return await until(
    `the Migration to ${site.name} comes to ${state}${reason === undefined ? '' : `, ${reason}`}`,
    () => migrations.find(isWanted, tell.began),
    () =>
      migrations.present.map((name) => `${name}: ${toldMigration(migrations.latest(name))}`).join('; ') ||
      'no Migration',
  )
}

const toldMigration = (migration: Migration | undefined): string =>
  `${migration?.status?.state}: ${toldConditions(migration)}`

/** Waits until the consumer's object says no more that it moves, and names its new provider. */
export async function awaitSettled(
  { consumer: { certificates }, until }: Stage,
  tell: Teller,
  { site }: ProviderPlace,
): Promise<void> {
  const settled = await until(
    `${NAME} loses the condition Migrating, and its annotation names ${site.name}`,
    () => certificates.first(NAME, isSettledAt(site), tell.began),
    () => `${toldProvider(certificates.latest(NAME))}; ${toldConditions(certificates.latest(NAME))}`,
  )
  tell.saw(
    'consumer',
    `the condition Migrating is gone; the annotation that kubectl shows as the provider names ${site.name}`,
    settled.at,
  )
}

function isSettledAt({ cluster }: Site): (object: CertificateObject) => boolean {
  return (object) => toldProvider(object) === cluster && conditionOf(object, conditionTypes.migrating) === undefined
}

/** What the Provider column of `kubectl get certificates` shows. */
function toldProvider(object: CertificateObject | undefined): string {
  return (
    (object?.metadata['annotations'] as Record<string, string> | undefined)?.[annotations.providerCluster] ??
    'no provider'
  )
}

/** What the Migration said on its way, without the provider's own words: each state and sentence once, and when it came. */
function chapters(entries: ReturnType<Stage['migrations']['of']>): { state: string; text: string; at: number }[] {
  const told = entries.flatMap(({ object, at }) => {
    if (object?.status === undefined) return []
    const message = conditionOf(object, conditionTypes.ready)?.message ?? ''
    return [{ state: object.status.state, text: message.replace(/ is not ready: .*/s, ' is not ready yet'), at }]
  })
  return told.filter(({ state, text }, i) => state !== told[i - 1]?.state || text !== told[i - 1]?.text)
}

/**
 * Everything new has to be there before the old copy is told to go. Among themselves the new things are told in the order in which
 * they arrived here: watches at different API servers differ by milliseconds.
 */
export function checkOrder(
  { consumer, assignments, copyName }: Stage,
  tell: Teller,
  { from, to, fqdn, between = [] }: Move,
): void {
  const { began } = tell
  const copy = copyName(NAME)
  const carriesName = isFor(fqdn)
  const isLeaving = ({ metadata }: { metadata: Record<string, unknown> }) => metadata['deletionTimestamp'] !== undefined
  const isSwitched = ({ spec }: { spec: { providerCluster: string } }) => spec.providerCluster === to.site.cluster
  const inPlace: Moment[] = [
    [`${to.site.name} has the new copy`, to.certificates.first(copy, undefined, began)],
    ['the new copy is Available', to.certificates.first(copy, isAvailable, began)],
    ...between,
    ['the Assignment switches', assignments.first(nameOfAssignment(consumer.site, NAME), isSwitched, began)],
    ['the consumer has the new certificate', consumer.secrets.find(carriesName, began)],
  ]
  const gone: Moment = ['the old copy is gone', from.certificates.gone(copy)]
  const told: Moment = ['the old copy is told to go', from.certificates.first(copy, isLeaving, began)]
  // Without a finalizer it goes when it is told to.
  const leaving = told[1] === undefined ? [gone] : [told, gone]
  const all = [...inPlace, ...leaving].sort((a, b) => timeOf(a) - timeOf(b))
  const seen = all.map(([what, entry]) => `${what} ${entry === undefined ? 'never' : `at ${seconds(entry, began)}`}`)
  const inOrder = leaving.every((left) => inPlace.every((moment) => timeOf(moment) < timeOf(left)))
  expect(
    inOrder,
    'the new copy, its certificate and the switch come before the old copy is told to go',
    seen.join(', '),
  )
  tell.saw('everywhere', 'all that is new was in place before the old copy was told to go, as watches saw it:')
  for (const [what, entry] of all) tell.detail(what, { at: entry?.at })
}

const timeOf = ([, entry]: Moment): number => entry?.at ?? Number.POSITIVE_INFINITY
const seconds = ({ at }: Entry, began: number): string => `${((at - began) / 1000).toFixed(3)} s`

/** The watch began before the patch: a Secret that was away for a moment would have been deleted, or come back with another uid. */
export function checkSecret({ consumer: { secrets } }: Stage, tell: Teller): void {
  const [name = 'of the certificate', ...others] = secrets.present
  const all = secrets.of(name)
  const changes = all.filter(({ at }) => at >= tell.began).length
  const absences = all.filter(({ object }) => object === undefined).length
  const uids = new Set(all.map(({ uid }) => uid)).size
  expect(
    absences === 0 && uids === 1 && changes > 0 && others.length === 0,
    `Secret ${name} is changed in place and never absent`,
    `${changes} changes since the patch, ${absences} times absent, ${uids} uids, ${others.length} other Secrets`,
  )
  tell.saw(
    'consumer',
    `Secret ${name} was never absent: one uid, ${changes === 1 ? 'changed once' : `${changes} changes`}, in place`,
  )
}
