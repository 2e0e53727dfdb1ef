import { join } from 'node:path'
import { assignmentName, conditionTypes, keyOf } from '@resource-broker/api'
import type { Site } from '../../support/landscape.ts'
import { isFor, toldCertificate } from '../certificate-in.ts'
import { conditionOf, toldCondition, toldConditions } from '../conditions-of.ts'
import { expect } from '../expectation.ts'
import { CERTIFICATES, type CertificateObject, type Place, type Stage, WISHES } from '../stage.ts'
import type { Teller } from '../tell.ts'

export const NAME = 'cert-from-consumer'
const FQDN = 'app.internal.corp'

/** The consumer asks for a certificate and gets it. */
export async function issue(stage: Stage, tell: Teller): Promise<void> {
  const { consumer, internalca, externalca } = stage
  tell.does('consumer', `creates Certificate ${NAME} with fqdn ${FQDN}: certificate-internal.yaml`)
  await consumer.site.client.applyFile(join(WISHES, 'certificate-internal.yaml'))
  await awaitPlacement(stage, tell, NAME, internalca.site)
  await awaitCertificate(stage, tell, internalca, NAME, FQDN)
  const elsewhere = externalca.certificates.present
  expect(elsewhere.length === 0, 'no copy at externalca', elsewhere.join(', '))
}

/** Waits for the Assignment, which has to name the wanted provider. */
export async function awaitPlacement(
  { consumer, assignments, until }: Stage,
  tell: Teller,
  name: string,
  provider: Site,
): Promise<void> {
  const record = nameOfAssignment(consumer.site, name)
  const { object, at } = await until(
    `an Assignment of ${name}`,
    () => assignments.first(record),
    () => `${assignments.present.length} Assignments, none of them ${record}`,
  )
  const { providerCluster, acceptAPIName } = object.spec
  const isThere = providerCluster === provider.cluster
  expect(isThere, `the Assignment names ${provider.cluster}`, `it names ${providerCluster}`)
  tell.saw('platform', `Assignment: ${name} goes to ${providerCluster}, whose AcceptAPI ${acceptAPIName} takes it`, at)
}

/** Waits until the provider has issued the copy and the consumer has the certificate, and tells each as it comes. */
export async function awaitCertificate(
  stage: Stage,
  tell: Teller,
  provider: Place,
  name: string,
  fqdn: string,
): Promise<void> {
  await Promise.all([awaitIssued(stage, tell, provider, name, fqdn), awaitDelivered(stage, tell, provider, name, fqdn)])
}

/** Waits until the provider has a copy with this name in it, and has issued it. */
export async function awaitIssued(
  stage: Stage,
  tell: Teller,
  { site, certificates }: Place,
  name: string,
  fqdn: string,
): Promise<void> {
  const copy = stage.copyName(name)
  const seen = () => toldStatus(certificates.latest(copy))
  const made = await stage.until(
    `a copy ${copy} at ${site.name}`,
    () => certificates.first(copy, ({ spec }) => spec.fqdn === fqdn, tell.began),
    seen,
  )
  tell.saw(site.name, `has a copy ${stage.copies.where}: ${copy}`, made.at)
  const issued = await stage.until(
    `the copy at ${site.name} becomes Available`,
    () => certificates.first(copy, isAvailable, made.at),
    seen,
  )
  tell.saw(site.name, 'has issued it: the copy is Available', issued.at)
}

/** Waits until the consumer has the Secret with the certificate, and the status that says so. */
export async function awaitDelivered(
  { consumer, until }: Stage,
  tell: Teller,
  provider: Place,
  name: string,
  fqdn: string,
): Promise<void> {
  const { certificates, secrets } = consumer
  const { began } = tell
  const matches = isFor(fqdn)
  const secret = await until(
    `a Secret at the consumer with a certificate for ${fqdn}`,
    () => secrets.find(matches, began),
    () => secrets.present.map((each) => `${each}: ${toldCertificate(secrets.latest(each))}`).join('; ') || 'no Secret',
  )
  tell.saw('consumer', `Secret ${secret.name}: ${toldCertificate(secret.object)}`, secret.at)
  const isServed = (object: CertificateObject) => isAvailable(object) && isPlacedAt(provider.site, object)
  const { object, at } = await until(
    `${name} says at the consumer that it is Available and placed at ${provider.site.name}`,
    () => certificates.first(name, isServed, began),
    () => `${toldStatus(certificates.latest(name))}; ${toldConditions(certificates.latest(name))}`,
  )
  tell.saw('consumer', `status Available; ${toldCondition(object, conditionTypes.placed)}`, at)
  const named = object.status?.relatedResources?.secret?.name
  expect(named === secret.name, `the status names the Secret ${secret.name}`, String(named))
}

function isPlacedAt({ cluster }: Site, object: CertificateObject): boolean {
  const placed = conditionOf(object, conditionTypes.placed)
  return placed?.status === 'True' && placed.message.includes(cluster)
}

export function isAvailable({ status }: CertificateObject): boolean {
  return status?.status === 'Available'
}

export function toldStatus(object: CertificateObject | undefined): string {
  return object === undefined ? 'no such object' : `status "${object.status?.status ?? 'none yet'}"`
}

export function nameOfAssignment({ cluster }: Site, name: string): string {
  return assignmentName(keyOf({ cluster, gvr: CERTIFICATES, namespace: 'default', name }))
}
