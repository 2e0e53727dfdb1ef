import { join } from 'node:path'
import { conditionTypes, Migration, MigrationConfiguration, stageObjectName } from '@resource-broker/api'
import { stringifyJson } from '@resource-broker/json'
import type { KubeObject } from '@resource-broker/testbed'
import { ROOT } from '../../support/landscape.ts'
import { certificateIn, isFor, lastDayOf, namesIn, toldCertificate } from '../certificate-in.ts'
import { conditionOf, has, toldCondition, toldConditions } from '../conditions-of.ts'
import { expect } from '../expectation.ts'
import type { Entry, Seen } from '../journal.ts'
import type { CertificateObject, SecretObject, Stage } from '../stage.ts'
import type { Teller } from '../tell.ts'
import { awaitDelivered, awaitIssued, isAvailable, NAME, toldStatus } from './issue.ts'
import { awaitGone, awaitMigration, awaitSettled, checkOrder, checkSecret, type Moment, patchFqdn } from './move.ts'

const CONFIGURATION = { ...MigrationConfiguration.resource, name: 'inspected' }
const FILE = join(ROOT, 'examples/certs/platform/inspected.yaml')
/** The key of what its stage deploys. */
const KEY = 'report'
const CONFIG_MAPS = { group: '', version: 'v1', resource: 'configmaps' }
const SECRETS = { group: '', version: 'v1', resource: 'secrets' }

type SeenMigration = Seen<Migration & KubeObject>

const [OLD_FQDN, FQDN] = ['app.external.corp', 'app.internal.corp']

/** The platform says how Certificates move, and one moves so: through a stage, and with a person's word. */
export async function moveInStages(stage: Stage, tell: Teller): Promise<void> {
  const { externalca: from, internalca: to, platform } = stage
  await configure(stage, tell)
  tell.does('consumer', `patches fqdn back to ${FQDN}, which internalca takes and externalca does not`)
  await patchFqdn(stage, FQDN)
  await awaitIssued(stage, tell, to, NAME, FQDN)
  await inspect(stage, tell)
  const inspected = await awaitQuestion(stage, tell)
  const approved = await approve(stage, tell, inspected.name)
  await Promise.all([awaitDelivered(stage, tell, to, NAME, FQDN), awaitGone(stage, tell, from)])
  await awaitEnd(stage, tell)
  await awaitSettled(stage, tell, to)
  const between: Moment[] = [
    ['the stage is done, and the switch waits', inspected],
    ['ann approves', approved],
  ]
  checkOrder(stage, tell, { from, to, fqdn: FQDN, between })
  checkSecret(stage, tell)
  tell.does('platform', `kubectl delete migrationconfiguration ${CONFIGURATION.name}: later moves are as the first`)
  await platform.kube.delete(CONFIGURATION)
}

async function configure({ platform, configurations, until }: Stage, tell: Teller): Promise<void> {
  const { name } = CONFIGURATION
  tell.does(
    'platform',
    'kubectl apply -f examples/certs/platform/inspected.yaml: a stage that looks at the new certificate, then an approval',
  )
  await platform.client.applyFile(FILE)
  const { object, at } = await until(
    `MigrationConfiguration ${name} gets the condition Ready=True`,
    () => configurations.first(name, has(conditionTypes.ready, 'True'), tell.began),
    () => toldConditions(configurations.latest(name)),
  )
  tell.saw('platform', `MigrationConfiguration ${name}: ${toldCondition(object, conditionTypes.ready)}`, at)
}

/** Looks at the new certificate, as a program of the platform's would, and writes down what the stage waits for. */
async function inspect(stage: Stage, tell: Teller): Promise<void> {
  const { platform, compute, consumer, internalca, until } = stage
  const { name: migration } = await awaitMigration(stage, tell, internalca, 'InitialInProgress')
  const name = stageObjectName(migration, KEY)
  const { object, at } = await until(
    `the stage has deployed ConfigMap ${name}`,
    () => compute.configMaps.first(name),
    () => `${stage.migrations.latest(migration)?.status?.state}; ${toldConditions(stage.migrations.latest(migration))}`,
  )
  const { secret } = object['data'] as { secret: string }
  tell.saw(
    'platform',
    `stage inspect has made ConfigMap ${name} in a namespace of the move, and beside it Secret ${secret}`,
    at,
  )
  const { certificates } = consumer
  const waits = await until(
    `${NAME} says what the stage waits for`,
    () => certificates.first(NAME, isTold('report.data.names'), tell.began),
    () => toldConditions(certificates.latest(NAME)),
  )
  tell.saw('consumer', toldCondition(waits.object, conditionTypes.migrating), waits.at)
  const found = certificateIn(await platform.kube.get<SecretObject>({ ...SECRETS, namespace: migration, name: secret }))
  expect(found !== undefined, `Secret ${secret} of the move has a certificate`, 'none that parses')
  const data = { names: namesIn(found), validUntil: lastDayOf(found) }
  const kubectl = `kubectl patch configmap ${name} -n ${migration} --type merge -p '${stringifyJson({ data })}'`
  tell.does('platform', `looks at the certificate in that Secret, and writes down what it is for: ${kubectl}`)
  await platform.kube.mergePatch({ ...CONFIG_MAPS, namespace: migration, name }, { data })
}

function isTold(words: string): (object: CertificateObject) => boolean {
  return (object) => conditionOf(object, conditionTypes.migrating)?.message.includes(words) === true
}

/** Waits until the switch waits for a person: the old copy serves until then. */
async function awaitQuestion(stage: Stage, tell: Teller): Promise<SeenMigration> {
  const { consumer, internalca, until } = stage
  const { certificates, secrets } = consumer
  const asked = await awaitMigration(stage, tell, internalca, 'InitialCompleted', 'AwaitingApproval')
  tellMigration(tell, asked)
  const { object, at } = await until(
    `${NAME} says that its move waits for an approval`,
    () => certificates.first(NAME, isTold('waits for an approval'), tell.began),
    () => toldConditions(certificates.latest(NAME)),
  )
  tell.saw('consumer', toldCondition(object, conditionTypes.migrating), at)
  const [secret = ''] = secrets.present
  const served = secrets.latest(secret)
  expect(
    isAvailable(object) && served !== undefined && isFor(OLD_FQDN)(served),
    `${NAME} is Available, and served by the old copy`,
    `${toldStatus(object)}; ${toldCertificate(served)}`,
  )
  return asked
}

/** What `kubectl get migrations` shows, and how the stages stand. */
function tellMigration(tell: Teller, { object: { spec, status = { state: 'Pending' } }, at }: SeenMigration): void {
  const { reason } = conditionOf({ status }, conditionTypes.ready) ?? {}
  const way = `from ${spec.from.providerCluster} to ${spec.to.providerCluster}`
  tell.saw('platform', `kubectl get migrations: ${NAME}, ${way}, ${status.state}, ${reason}`, at)
  for (const { name, state, results = {} } of status.stages ?? []) {
    const proof = Object.entries(results).map(([what, text]) => `${what}: ${text}`)
    tell.detail([`status.stages: ${name} ${state}`, ...proof].join(', '))
  }
}

/** Says as a person what the Migration waits for; answers when it was said. */
async function approve({ platform, migrations, until }: Stage, tell: Teller, name: string): Promise<Entry> {
  const spec = { approvals: [{ stage: 'switch', by: 'ann' }] }
  tell.does('platform', `ann agrees: kubectl patch migration ${name} --type merge -p '${stringifyJson({ spec })}'`)
  await platform.kube.mergePatch({ ...Migration.resource, name }, { spec }, { fieldManager: 'story' })
  return await until(
    `the Migration ${name} has the approval`,
    () => migrations.first(name, (migration) => migration.spec.approvals !== undefined),
    () => toldConditions(migrations.latest(name)),
  )
}

async function awaitEnd(stage: Stage, tell: Teller): Promise<void> {
  const ended = await awaitMigration(stage, tell, stage.internalca, 'CutoverCompleted')
  tellMigration(tell, ended)
  tell.detail(`status.downtime: ${ended.object.status?.downtime}`)
}
