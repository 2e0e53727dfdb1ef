import { ConnectionError, isNotFound, type ObjectRef } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import type { Place, Site } from './landscape.ts'
import type { Ledger } from './ledger.ts'
import type { Thing } from './things.ts'

/** What a judgement has to know before it goes on: an object, or whether something holds. */
type Question = { at: Place; ref: ObjectRef } | { holds: () => boolean }

/** How one write is judged, however what is asked comes to be known. */
export type Judgement = Generator<Question, void, unknown>

/** The object that is there at the moment of the write, or undefined. */
export function* look<T = Thing>(at: Place, ref: ObjectRef): Generator<Question, T | undefined, unknown> {
  return (yield { at, ref }) as T | undefined
}

/** Whether this holds, as far as can be known. */
export function* whether(holds: () => boolean): Generator<Question, boolean, unknown> {
  return (yield { holds }) as boolean
}

/** One write that is to be judged: without `object` a deletion. */
export type Write = { operation: 'CREATE' | 'UPDATE' | 'DELETE'; object?: unknown; oldObject?: unknown }

/** How the writes are judged that could break an invariant. */
export type Judges = {
  /** An Assignment is removed, or names another active provider. */
  assignment: (write: Write) => Judgement
  /** A consumer's object loses the broker's finalizer. */
  release: (consumer: Site, write: Write) => Judgement
  /** A copy is made or removed. */
  copy: (provider: Site, write: Write) => Judgement
  /** Told of each Assignment that there is and was. */
  named: (assignment: object) => void
}

/** Sees to it that each such write is judged by what was there when it was made. */
export type Witness = {
  attend: (judges: Judges, note: (violation: string) => void) => Promise<void>
  /** Judges what a watch told of by what is there now. */
  judge: (judgement: () => Judgement, note: (violation: string) => void) => Promise<void>
  stop: () => Promise<void>
}

const READ_MS = 3_000

/** Answers what is asked by asking API servers; what a watch tells is waited for. Throws what they throw. */
export async function judgeByAsking(judgement: Judgement): Promise<void> {
  for (let step = judgement.next(); !step.done; ) step = judgement.next(await answer(step.value))
}

async function answer(question: Question): Promise<unknown> {
  if ('at' in question) return await read(question.at, question.ref)
  return await waitFor('the watch shows it', question.holds, { timeoutMs: READ_MS }).then(
    () => true,
    () => false,
  )
}

/** Answers from what is known at this moment. */
export function judgeAtOnce(judgement: Judgement, ledger: Ledger): void {
  for (let step = judgement.next(); !step.done; ) {
    const question = step.value
    step = judgement.next('at' in question ? ledger.get(question.at, question.ref) : question.holds())
  }
}

/** Not answered in time counts as no answer. */
async function read({ name, kube }: Place, ref: ObjectRef): Promise<unknown> {
  return await kube.get(ref, { signal: AbortSignal.timeout(READ_MS) }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw (error as Error).name === 'TimeoutError' ? new ConnectionError(`${name} did not answer in time`) : error
  })
}
