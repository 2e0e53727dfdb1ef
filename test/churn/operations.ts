import { Assignment } from '@resource-broker/api'
import { isAlreadyExists, isConflict, isForbidden, isNotFound } from '@resource-broker/kube'
import type { World } from '../support/fault-world.ts'
import type { Place } from '../support/landscape.ts'
import { outage } from '../support/outages.ts'
import { putSecret } from '../support/provider-controller.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import {
  assignmentOf,
  copyAt,
  create,
  patchSpec,
  read,
  secretRef,
  type Thing,
  thing,
  thingRef,
} from '../support/things.ts'
import { type Deed, untilAnswered } from './deed.ts'
import type { Member, Size, Wanted } from './population.ts'
import { WAYS, type Way } from './stages.ts'

/** What may happen to one object. */
export type Operation = {
  weight: number
  fits: (member: Member) => boolean
  /** Says what the owner wants from now on. */
  plan: (member: Member, random: SeededRandom, world: World) => Deed
}

const exists = ({ wanted }: Member) => wanted !== undefined
const hasSecret = ({ wanted }: Member) => wanted?.secret === true
const other = (size: Size): Size => (size === 'small' ? 'large' : 'small')

/** Longer than most moves take, and than old copies are kept. */
const LONGEST_STAY_MS = 6_000

let values = 0

function drawn(random: SeededRandom): Wanted {
  return { size: random.pick(['small', 'large']), secret: random.chance(0.4), value: ++values, way: random.pick(WAYS) }
}

const make: Operation = {
  weight: 30,
  fits: (member) => !exists(member),
  plan: (member, random) => {
    const wanted = drawn(random)
    member.wanted = wanted
    return { does: `create ${JSON.stringify(wanted)}`, act: () => createAnew(member, wanted) }
  },
}

const change: Operation = {
  weight: 20,
  fits: exists,
  plan: (member) => edit(member, { value: ++values }, 'change'),
}

const move: Operation = {
  weight: 22,
  fits: exists,
  plan: (member, random) => edit(member, elsewhere(member, random.pick(WAYS)), 'move'),
}

/** The second edit comes in the middle of the first move, or while its old copy is kept. */
const moveAndReturn: Operation = {
  weight: 8,
  fits: exists,
  plan: (member, random) => {
    const way = random.pick(WAYS)
    const [there, back] = [edit(member, elsewhere(member, way), 'move'), edit(member, elsewhere(member, way), 'move')]
    const ms = random.between(100, LONGEST_STAY_MS)
    const act = async () => {
      await there.act()
      await outage(ms)
      return await back.act()
    }
    return { does: `${there.does}, and after ${ms} ms ${back.does}`, act }
  },
}

const remove: Operation = {
  weight: 10,
  fits: exists,
  plan: (member) => {
    member.wanted = undefined
    return { does: 'delete', act: () => deleteOne(member) }
  },
}

const makeAnew: Operation = {
  weight: 10,
  fits: exists,
  plan: (member, random) => {
    const wanted = drawn(random)
    member.wanted = wanted
    const act = async () => {
      await deleteOne(member)
      return await createAnew(member, wanted)
    }
    return { does: `delete, and create at once ${JSON.stringify(wanted)}`, act }
  },
}

const rotate: Operation = {
  weight: 4,
  fits: hasSecret,
  plan: (member, random, world) => {
    const content = { rotated: String(random.between(0, 1e9)) }
    return { does: 'its provider rotates the Secret', act: () => rotateSecret(world, member, content) }
  },
}

const remakeSecret: Operation = {
  weight: 3,
  fits: hasSecret,
  plan: (member, random, world) => {
    const content = { made: String(random.between(0, 1e9)) }
    return {
      does: 'its provider deletes the Secret and makes it anew',
      act: () => deleteAndMakeSecret(world, member, content),
    }
  },
}

const removeCopy: Operation = {
  weight: 3,
  fits: exists,
  plan: (member, _random, world) => ({
    does: 'its provider deletes the copy',
    act: () => deleteCopy(world, member),
  }),
}

const removeRecord: Operation = {
  weight: 2,
  fits: exists,
  plan: (member, _random, world) => ({
    does: 'somebody deletes its Assignment',
    act: () => deleteRecord(world, member),
  }),
}

/** As often as their weights say. */
export const OPERATIONS: readonly Operation[] = [
  ...[make, change, move, moveAndReturn, remove, makeAnew],
  ...[rotate, remakeSecret, removeCopy, removeRecord],
]

const elsewhere = ({ wanted }: Member, way: Way): Partial<Wanted> => ({
  size: other((wanted as Wanted).size),
  value: ++values,
  way,
})

function edit(member: Member, fields: Partial<Wanted>, verb: string): Deed {
  member.wanted = { ...(member.wanted as Wanted), ...fields }
  const { consumer, name } = member
  const act = () => untilAnswered(`${name} is changed`, () => patchSpec(consumer, thingRef(name), fields))
  return { does: `${verb} ${JSON.stringify(fields)}`, act: async () => identityOf(await act()) }
}

/** Waits until the object's last life is over. */
async function createAnew({ consumer, name }: Member, wanted: Wanted): Promise<string> {
  const made = await untilAnswered(`the last life of ${name} is over`, async () => {
    try {
      return await create(consumer, thing(name, wanted))
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      const there = await read(consumer, thingRef(name))
      // The answer to the first attempt may have been lost.
      return there?.metadata.deletionTimestamp === undefined && there?.spec['value'] === wanted.value
        ? there
        : undefined
    }
  })
  return identityOf(made)
}

async function deleteOne({ consumer, name }: Member): Promise<undefined> {
  await untilAnswered(`${name} is deleted`, () => done(consumer.kube.delete(thingRef(name))))
}

const identityOf = ({ metadata: { uid, generation } }: Thing) => `uid ${uid.slice(0, 8)}, generation ${generation}`

/** True also where there was nothing. */
async function done(deletion: Promise<unknown>): Promise<true> {
  await deletion.catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
  return true
}

const NOTHING = 'there was none'

/** The copies of an object that are there. */
async function copiesOf({ landscape }: World, { consumer, name }: Member): Promise<{ at: Place; copy: Thing }[]> {
  const places = Object.values(landscape.providers).map((provider) => copyAt(provider, consumer, name))
  const found = await untilAnswered(`providers say what copies of ${name} they have`, () =>
    Promise.all(places.map(async ([at, ref]) => ({ at, copy: await read(at, ref).catch(noneInMissingWorkspace) }))),
  )
  return found.flatMap(({ at, copy }) =>
    copy === undefined || copy.metadata.deletionTimestamp !== undefined ? [] : [{ at, copy }],
  )
}

/** In a kcp the workspace for copies may not be there yet, or not any more. */
function noneInMissingWorkspace(error: unknown): undefined {
  if (!isForbidden(error)) throw error
}

async function rotateSecret(world: World, member: Member, content: Record<string, string>): Promise<string> {
  const [first] = await copiesOf(world, member)
  if (first === undefined) return NOTHING
  const { at, copy } = first
  return await untilAnswered(`${at.name} rotates a Secret`, () =>
    at.kube
      .mergePatch(secretRef(`${copy.metadata.name}-secret`), { data: encoded(content) })
      .then(() => `at ${at.name}`, orNothing),
  )
}

async function deleteAndMakeSecret(world: World, member: Member, content: Record<string, string>): Promise<string> {
  const [first] = await copiesOf(world, member)
  if (first === undefined) return NOTHING
  const { at, copy } = first
  const name = `${copy.metadata.name}-secret`
  if ((await untilAnswered(`${at.name} deletes a Secret`, () => deleted(at, name))) === NOTHING) return NOTHING
  await untilAnswered(`${at.name} makes a Secret anew`, () => done(putSecret(at, 'default', name, content)))
  const owner = await untilAnswered(`${at.name} still has the copy`, async () => ({
    copy: await read(at, thingRef(copy.metadata.name)),
  }))
  // A Secret whose copy went meanwhile was made by this hand, and nobody else takes it away.
  if (owner.copy?.metadata.uid !== copy.metadata.uid)
    await untilAnswered(`${at.name} deletes a Secret`, () => deleted(at, name))
  return `at ${at.name}`
}

async function deleted(at: Place, name: string): Promise<string> {
  return await at.kube.delete(secretRef(name)).then(() => `at ${at.name}`, orNothing)
}

async function deleteCopy(world: World, member: Member): Promise<string> {
  const [first] = await copiesOf(world, member)
  if (first === undefined) return NOTHING
  const { at, copy } = first
  world.observer.excuse(copy)
  const { uid, name } = copy.metadata
  return await untilAnswered(`${at.name} deletes a copy`, () =>
    at.kube.delete(thingRef(name), { uid }).then(() => `at ${at.name}, uid ${uid.slice(0, 8)}`, orNothing),
  )
}

async function deleteRecord({ landscape, observer }: World, { consumer, name }: Member): Promise<string> {
  const assignment = await untilAnswered(`the platform says what Assignment ${name} has`, async () => ({
    found: await assignmentOf(landscape, consumer, name),
  }))
  if (assignment.found === undefined) return NOTHING
  observer.excuseRecord(assignment.found)
  const { uid, name: record } = assignment.found.metadata
  return await untilAnswered('the platform deletes an Assignment', () =>
    landscape.platform.kube
      .delete({ ...Assignment.resource, name: record }, { uid })
      .then(() => `uid ${uid?.slice(0, 8)}`, orNothing),
  )
}

/** It went, or was made anew, a moment before. */
function orNothing(error: unknown): string {
  if (isNotFound(error) || isConflict(error)) return NOTHING
  throw error
}

function encoded(content: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(content).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
}
