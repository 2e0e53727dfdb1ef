import { join } from 'node:path'
import { conditionTypes, reasons } from '@resource-broker/api'
import { conditionOf, has, toldConditions } from '../conditions-of.ts'
import { expect } from '../expectation.ts'
import { type Stage, WISHES } from '../stage.ts'
import type { Teller } from '../tell.ts'
import { awaitCertificate, awaitPlacement } from './issue.ts'
import { applyOffer, awaitOffer } from './offer.ts'

export const NAME = 'nowhere-from-consumer'
const FQDN = 'app.nowhere.org'

/** Nobody takes an object, and its condition says why; an offer that comes later takes it. */
export async function refuse(stage: Stage, tell: Teller): Promise<void> {
  const { consumer, externalca } = stage
  tell.does('consumer', `creates Certificate ${NAME} with fqdn ${FQDN}: certificate-nowhere.yaml`)
  await consumer.site.client.applyFile(join(WISHES, 'certificate-nowhere.yaml'))
  await awaitRefusal(stage, tell)
  await applyOffer(stage, tell, externalca, 'nowhere')
  await awaitOffer(stage, tell, externalca, 'nowhere')
  await awaitPlacement(stage, tell, NAME, externalca.site)
  await awaitCertificate(stage, tell, externalca, NAME, FQDN)
  const generation = consumer.certificates.latest(NAME)?.metadata['generation']
  expect(generation === 1, 'nobody touched the object meanwhile: generation 1', `generation ${String(generation)}`)
}

async function awaitRefusal({ consumer, internalca, externalca, until }: Stage, tell: Teller): Promise<void> {
  const { certificates } = consumer
  const { object, at } = await until(
    `${NAME} gets the condition Placed=False`,
    () => certificates.first(NAME, has(conditionTypes.placed, 'False')),
    () => toldConditions(certificates.latest(NAME)),
  )
  const { reason = 'none', message = '' } = conditionOf(object, conditionTypes.placed) ?? {}
  expect(reason === reasons.noProviderAccepts, `the reason ${reasons.noProviderAccepts}`, `${reason}: ${message}`)
  tell.saw('consumer', `Placed=False (${reason}):`, at)
  const refusals = message.split('; ')
  for (const refusal of refusals) tell.detail(refusal)
  const wanted = [
    [internalca.site, 'internal.corp'],
    [externalca.site, 'external.corp'],
  ] as const
  for (const [{ name, cluster }, suffix] of wanted) {
    const said = refusals.find((refusal) => refusal.startsWith(`${cluster}/`)) ?? ''
    const complete = ['fqdn', 'suffix', `wants "${suffix}"`, `got "${FQDN}"`].every((word) => said.includes(word))
    expect(complete, `the message names the rule of ${name}, what it wants and what it got`, message)
  }
}
