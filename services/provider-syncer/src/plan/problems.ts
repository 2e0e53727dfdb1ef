import { reasons } from '@resource-broker/api'
import { tooLargeMessage } from '@resource-broker/bus'
import { type Current, copyAt, earlierAt } from '../facts/known.ts'
import { LAST_REPORT } from './action.ts'
import { isLeaving, targetOf } from './plan-live.ts'
import { isToBeTold, type Problem } from './problem.ts'
import { refusedRelated } from './related.ts'
import { COPY_OF_EARLIER } from './report-replaced.ts'

/**
 * What stands in the way, as far as it is to be told now: what may pass by itself is told once it has lasted. What went wrong at the end
 * of the look before stands until the same is tried again; `isLast`: nothing else is tried in this look, and what is told then stays told.
 */
export function problemsToTell(known: Current, isLast = false): Problem[] {
  const { notes } = known
  const { before } = notes
  const isOver = isLast || notes.done.has(LAST_REPORT)
  const standing = isOver ? [] : before.late.filter(({ of }) => !notes.done.has(of)).map(({ problem }) => problem)
  const found = [...notes.problems, ...standing]
  return [...problemsOfSize(known), ...problemsOfPlaces(known), ...found, ...refusedRelated(known)].filter((problem) =>
    problem.awaited === true ? before.attempt > 1 : isToBeTold(problem, before),
  )
}

/** What no message can carry is not seen, and not copied therefore. */
function problemsOfSize({ tooLarge, source, copies, assignment }: Current): Problem[] {
  const active = assignment.spec.providerCluster
  const large = copies.get(active)?.tooLarge
  const problem = (about: string, what: string, size: NonNullable<typeof large>): Problem => {
    return { about, reason: reasons.tooLarge, message: `${what}: ${tooLargeMessage(size)}` }
  }
  const { generation } = source.metadata
  return [
    ...(tooLarge === undefined ? [] : [problem('', `generation ${generation} is not copied`, tooLarge)]),
    ...(large === undefined || copies.get(active)?.object?.status !== undefined
      ? []
      : [problem(active, `what ${active} says of its copy is not brought`, large)]),
  ]
}

/** What is missing, and comes by itself, as a rule, before it needs to be told. */
export function awaitedBy(known: Current): string | undefined {
  return [...problemsOfPlaces(known), ...known.notes.problems].find(({ awaited }) => awaited === true)?.message
}

/** What is seen without a request: where the copy belongs cannot be reached, or the copy that is there goes. */
function problemsOfPlaces(known: Current): Problem[] {
  const { ref, places, assignment } = known
  const target = targetOf(known)
  const active = assignment.spec.providerCluster
  const place = target === undefined ? undefined : places.forCopy(ref, target)
  const problems: Problem[] = []
  if (target !== undefined && place?.is === 'awaited')
    problems.push({ about: target, reason: 'WaitingForWorkspace', message: place.why, awaited: true })
  if (target !== undefined && place?.is === 'away')
    problems.push({ about: target, reason: 'ProviderAway', message: place.why, awaited: true })
  for (const provider of new Set([active, ...(target === undefined ? [] : [target])])) {
    if (earlierAt(known, provider) !== undefined) {
      const message = `${provider} has the copy of an earlier object of this name, which goes first`
      problems.push({ about: provider, reason: COPY_OF_EARLIER, message })
    }
    const copy = copyAt(known, provider)
    if (copy === undefined || !isLeaving(known, provider, copy)) continue
    const since = copy.metadata.deletionTimestamp
    const message = `${provider} is deleting the copy${since === undefined ? '' : ` since ${since}`}; it is made anew once it is gone`
    problems.push({ about: provider, reason: 'CopyLeaving', message })
  }
  return problems
}
