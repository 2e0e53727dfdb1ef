import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AcceptAPI, conditionTypes } from '@resource-broker/api'
import { parseObjects } from '@resource-broker/testbed'
import { has, toldCondition, toldConditions } from '../conditions-of.ts'
import type { ProviderPlace, Stage } from '../stage.ts'
import type { Teller } from '../tell.ts'

/** Both providers say which Certificates they take. */
export async function offer(stage: Stage, tell: Teller): Promise<void> {
  const offers = [
    [stage.internalca, 'internal'],
    [stage.externalca, 'external'],
  ] as const
  await Promise.all(offers.map(([place, which]) => applyOffer(stage, tell, place, which)))
  await Promise.all(offers.map(([place, which]) => awaitOffer(stage, tell, place, which)))
}

/** Applies `acceptapi-<which>.yaml` at a provider. */
export async function applyOffer(
  { engine }: Stage,
  tell: Teller,
  { site }: ProviderPlace,
  which: string,
): Promise<void> {
  const file = `acceptapi-${which}.yaml`
  const text = await readFile(join(engine.offers, file), 'utf8')
  for (const object of parseObjects(text)) {
    const rules = AcceptAPI.schema.parse(object).spec.filters ?? []
    tell.does(site.name, `offers Certificates with ${rules.map(toldRule).join(' and ')}: ${file}`)
    await site.client.apply(object)
  }
}

function toldRule({ key, ...conditions }: { key?: string | undefined }): string {
  return `${key ?? ''} ${Object.entries(conditions)
    .map(([rule, wanted]) => `${rule} ${String(wanted)}`)
    .join(', ')}`
}

/** Waits until the broker says that objects can be routed to the offer. */
export async function awaitOffer({ until }: Stage, tell: Teller, place: ProviderPlace, which: string): Promise<void> {
  const name = `${which}-certs`
  const { object, at } = await until(
    `AcceptAPI ${name} at ${place.site.name} gets the condition Ready=True`,
    () => place.acceptAPIs.first(name, has(conditionTypes.ready, 'True')),
    () => toldConditions(place.acceptAPIs.latest(name)),
  )
  for (const { type } of object.status?.conditions ?? [])
    tell.saw(place.site.name, `AcceptAPI ${name}: ${toldCondition(object, type)}`, at)
}
