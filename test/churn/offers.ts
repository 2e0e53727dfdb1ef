import { AcceptAPI } from '@resource-broker/api'
import { isNotFound } from '@resource-broker/kube'
import type { World } from '../support/fault-world.ts'
import type { Site } from '../support/landscape.ts'
import { outage } from '../support/outages.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import { offerOf } from '../support/things.ts'
import { type Deed, untilAnswered } from './deed.ts'
import type { Fault } from './faults.ts'
import type { Size } from './population.ts'

type Offer = { provider: Site; name: string; size: Size }

const PAUSE_MS = 6_000

/** What providers do with their offers; in the end each offers what it did in the beginning. */
export function offerChanges({ alpha, beta }: World): Fault[] {
  const standing: Offer[] = [
    { provider: alpha, name: 'small', size: 'small' },
    { provider: beta, name: 'large', size: 'large' },
  ]
  const passing: Offer[] = [
    { provider: alpha, name: 'also-large', size: 'large' },
    { provider: beta, name: 'also-small', size: 'small' },
  ]
  return [
    { weight: 3, plan: (random) => vary(random.pick(standing), random) },
    { weight: 2, plan: (random) => vanish(random.pick(standing), random.between(200, PAUSE_MS)) },
    { weight: 1, plan: (random) => appear(random.pick(passing), random.between(200, PAUSE_MS)) },
    { weight: 1, plan: (random) => handOver(random.pick([0, 1]), standing, passing, random.between(200, PAUSE_MS)) },
  ]
}

/** Takes what it took before, and something that nobody asks for. */
function vary(of: Offer, random: SeededRandom): Deed {
  const extra = `odd-${random.between(0, 1e6)}`
  return { does: `${of.provider.name} changes its offer ${of.name}`, act: () => make(of, [extra]) }
}

function vanish(of: Offer, ms: number): Deed {
  const act = async () => {
    await take(of)
    await outage(ms)
    return await make(of)
  }
  return { does: `${of.provider.name} withdraws its offer ${of.name} for ${ms} ms`, act }
}

function appear(of: Offer, ms: number): Deed {
  const act = async () => {
    await make(of)
    await outage(ms)
    return await take(of)
  }
  return { does: `${of.provider.name} makes the offer ${of.name} for ${ms} ms`, act }
}

/** Every object of one size has to move, and back. */
function handOver(index: number, standing: Offer[], passing: Offer[], ms: number): Deed {
  const from = standing[index] as Offer
  const to = passing.find(({ size }) => size === from.size) as Offer
  const act = async () => {
    await make(to)
    await take(from)
    await outage(ms)
    await make(from)
    return await take(to)
  }
  return {
    does: `${from.size} is for ${ms} ms offered by ${to.provider.name} in the place of ${from.provider.name}`,
    act,
  }
}

async function make({ provider, name, size }: Offer, further: string[] = []): Promise<string> {
  const spec = { filters: [{ key: 'size', valueIn: [size, ...further] }] }
  await untilAnswered(`${provider.name} offers ${name}`, async () => {
    const ref = { ...AcceptAPI.resource, name }
    await provider.kube.apply(ref, offerOf(provider, name, spec), { fieldManager: 'testbed', force: true })
    return true
  })
  return `${name} is there`
}

async function take({ provider, name }: Offer): Promise<string> {
  await untilAnswered(`${provider.name} withdraws ${name}`, async () => {
    await provider.kube.delete({ ...AcceptAPI.resource, name }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error // the answer to the first attempt may have been lost
    })
    return true
  })
  return `${name} is away`
}
