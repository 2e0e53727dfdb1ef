import { annotations, conditionTypes } from '@resource-broker/api'
import type { Site } from '../../support/landscape.ts'
import { isFor } from '../certificate-in.ts'
import { conditionOf, has, toldCondition, toldConditions } from '../conditions-of.ts'
import { expect } from '../expectation.ts'
import type { Entry } from '../journal.ts'
import { CERTIFICATES, type CertificateObject, type Stage } from '../stage.ts'
import type { Teller } from '../tell.ts'
import { awaitCertificate, isAvailable, NAME, nameOfAssignment, toldStatus } from './issue.ts'

const FQDN = 'app.external.corp'

/** The consumer changes its mind, and the object moves without a gap. */
export async function move(stage: Stage, tell: Teller): Promise<void> {
  const { consumer, externalca, internalca } = stage
  tell.does('consumer', `patches fqdn to ${FQDN}, which internalca does not take and externalca does`)
  const object = { ...CERTIFICATES, namespace: 'default', name: NAME }
  await consumer.site.kube.mergePatch(object, { spec: { fqdn: FQDN } }, { fieldManager: 'story' })
  await Promise.all([awaitMigrating(stage, tell), awaitCertificate(stage, tell, externalca, NAME, FQDN)])
  const copy = stage.copyName(NAME)
  const gone = await stage.until(
    'the copy at internalca goes',
    () => internalca.certificates.gone(copy),
    () => toldStatus(internalca.certificates.latest(copy)),
  )
  tell.saw('internalca', 'the old copy is gone', gone.at)
  await awaitEnd(stage, tell)
  checkOrder(stage, tell)
  checkSecret(stage, tell)
}

async function awaitMigrating({ consumer: { certificates }, until }: Stage, tell: Teller): Promise<void> {
  const { object, at } = await until(
    `${NAME} gets the condition Migrating=True`,
    () => certificates.first(NAME, has(conditionTypes.migrating, 'True'), tell.began),
    () => toldConditions(certificates.latest(NAME)),
  )
  tell.saw('consumer', toldCondition(object, conditionTypes.migrating), at)
}

/** Waits for the end of the Migration, and tells what it said on its way. */
async function awaitEnd({ consumer, externalca, migrations, until }: Stage, tell: Teller): Promise<void> {
  const { name, at } = await until(
    'the Migration ends with CutoverCompleted',
    () =>
      migrations.entries.find((entry) => entry.at >= tell.began && entry.object?.status?.state === 'CutoverCompleted'),
    () =>
      migrations.present.map((each) => `${each}: ${migrations.latest(each)?.status?.state}`).join(', ') ||
      'no Migration',
  )
  const settled = await until(
    `${NAME} loses the condition Migrating, and its annotation names externalca`,
    () => consumer.certificates.first(NAME, isSettledAt(externalca.site), tell.began),
    () => `${toldProvider(consumer.certificates.latest(NAME))}; ${toldConditions(consumer.certificates.latest(NAME))}`,
  )
  tell.saw('platform', `Migration ${name}:`, at)
  for (const { state, text, at: when } of chapters(migrations.of(name))) tell.detail(text, { label: state, at: when })
  tell.saw(
    'consumer',
    'the condition Migrating is gone; the annotation that kubectl shows as the provider names externalca',
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
function checkOrder({ consumer, externalca, internalca, assignments, copyName }: Stage, tell: Teller): void {
  const { began } = tell
  const copy = copyName(NAME)
  const carriesName = isFor(FQDN)
  const isLeaving = ({ metadata }: { metadata: Record<string, unknown> }) => metadata['deletionTimestamp'] !== undefined
  const isSwitched = ({ spec }: { spec: { providerCluster: string } }) =>
    spec.providerCluster === externalca.site.cluster
  const inPlace: Moment[] = [
    ['externalca has the new copy', externalca.certificates.first(copy, undefined, began)],
    ['the new copy is Available', externalca.certificates.first(copy, isAvailable, began)],
    ['the Assignment switches', assignments.first(nameOfAssignment(consumer.site, NAME), isSwitched, began)],
    [
      'the consumer has the new certificate',
      consumer.secrets.entries.find(({ object, at }) => at >= began && object !== undefined && carriesName(object)),
    ],
  ]
  const gone: Moment = ['the old copy is gone', internalca.certificates.gone(copy)]
  const told: Moment = ['the old copy is told to go', internalca.certificates.first(copy, isLeaving, began)]
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

type Moment = [what: string, entry: Entry | undefined]

const timeOf = ([, entry]: Moment): number => entry?.at ?? Number.POSITIVE_INFINITY
const seconds = ({ at }: Entry, began: number): string => `${((at - began) / 1000).toFixed(3)} s`

/** The watch began before the patch: a Secret that was away for a moment would have been deleted, or come back with another uid. */
function checkSecret({ consumer: { secrets } }: Stage, tell: Teller): void {
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
