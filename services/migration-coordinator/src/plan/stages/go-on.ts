import { durationMs, resultText, timestamp } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { deployment } from './deployment.ts'
import { expressionsOf, failed, type Input, inputOf, unmet } from './evaluate.ts'
import { whyFailed } from './failure.ts'
import type { Turn, Word } from './run-stages.ts'

/** The word on a stage that runs: it deploys, goes on, is done, or its attempt is over. */
export function goOn(turn: Turn): Word {
  const late = lateBy(turn)
  const word = turn.status.deployed === undefined ? deploy(turn) : observe(turn)
  if (word.status.state !== 'Running' || word.fails !== undefined || late === undefined) return word
  if (late < 0) return { ...word, againMs: -late }
  // Of one that can deploy only it is known what kept it from that: nothing, where it was not tried.
  const why = word.deploy === undefined ? word.status.message : turn.status.message
  return why === undefined
    ? word
    : { ...runs(turn, `it took longer than ${turn.stage.timeout}; ${why}`), fails: 'TimedOut' }
}

/** By how many milliseconds an attempt is past its timeout, below 0 before that. */
function lateBy({ stage, status, around }: Turn): number | undefined {
  if (stage.timeout === undefined) return undefined
  return around.now.getTime() - Date.parse(status.startTime ?? '') - durationMs(stage.timeout)
}

const runs = ({ status }: Turn, message: string): Word => ({ reason: 'StageRuns', status: { ...status, message } })

function deploy(turn: Turn): Word {
  const input = inputOf(turn)
  const deployed = 'waitsFor' in input ? input : deployment(turn, input)
  if ('waitsFor' in deployed) return runs(turn, deployed.waitsFor)
  return { ...runs(turn, 'its objects are deployed'), deploy: deployed }
}

function observe(turn: Turn): Word {
  const { around, status } = turn
  const objects: Record<string, KubeObject> = {}
  for (const [key, uid] of Object.entries(status.deployed ?? {})) {
    if (around.gone.has(uid)) return { ...runs(turn, `what it deployed as ${key} was deleted`), fails: 'Failed' }
    const known = around.staged.find(({ object }) => object.metadata.uid === uid)
    if (known === undefined) return runs(turn, `waits to hear of what it deployed as ${key}`)
    objects[key] = known.object
  }
  const input = inputOf(turn, objects)
  if ('waitsFor' in input) return runs(turn, input.waitsFor)
  const why = failureOf(turn, input, objects)
  if (why !== undefined) return { ...runs(turn, why), fails: 'Failed' }
  const waits = unmet(turn, 'successConditions', input)
  return waits === undefined ? succeed(turn, input) : runs(turn, waits)
}

function failureOf(turn: Turn, input: Input, objects: Record<string, KubeObject>): string | undefined {
  if (expressionsOf(turn.stage).failureConditions.length > 0) return failed(turn, input)
  const found = Object.entries(objects).flatMap(([key, object]) => {
    const why = whyFailed(object)
    return why === undefined ? [] : [`${object.kind} ${key} failed: ${why}`]
  })
  return found[0]
}

function succeed({ around, stage, status }: Turn, input: Input): Word {
  const results = [...expressionsOf(stage).results].map(
    ([name, program]) => [name, resultText(program, input)] as const,
  )
  const told = results.map(([name, text]) => `${name} ${text}`).join(', ')
  const { message: _old, ...others } = status
  return {
    reason: 'StageSucceeded',
    status: {
      ...others,
      state: 'Succeeded',
      completionTime: timestamp(around.now),
      ...(results.length === 0 ? {} : { results: Object.fromEntries(results), message: told.slice(0, 1024) }),
    },
  }
}
