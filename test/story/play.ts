import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EndSignal } from './end-signal.ts'
import type { Engine, Running } from './engines/engine.ts'
import { UnmetExpectation } from './expectation.ts'
import { inviteToTry } from './invite.ts'
import { type Stage, setStage } from './stage.ts'
import { issue, NAME } from './steps/issue.ts'
import { move } from './steps/move.ts'
import { moveInStages } from './steps/move-in-stages.ts'
import { offer } from './steps/offer.ts'
import { refuse } from './steps/refuse.ts'
import { remove } from './steps/remove.ts'
import { Teller } from './tell.ts'
import { StoryTraces, traceOf } from './traces/traces.ts'
import { linesOf, treeOf } from './traces/tree.ts'

const STEPS: [title: string, step: (stage: Stage, tell: Teller) => Promise<void>][] = [
  ['Two providers offer Certificates', offer],
  ['A consumer asks for a certificate', issue],
  ['The consumer changes the name, and the object moves to the other provider', move],
  ['The platform has moves go through a stage and wait for a person; the object moves back', moveInStages],
  ['Nobody takes a third name, and the object says why; a new offer takes it', refuse],
  ['The consumer deletes, and nothing is left', remove],
]

/** Plays the story; resolves to the exit code. `trace`: its traces are written to a file, and one of them is told. */
export async function play(engine: Engine, { once, trace }: { once: boolean; trace: boolean }): Promise<number> {
  const tell = new Teller()
  const end = new EndSignal()
  const running: Running = { services: [] }
  const traces = trace ? await StoryTraces.start() : undefined
  const stays = !once && process.stdout.isTTY
  let dir: string | undefined
  let keep = false
  try {
    tell.title('resource-broker: the certificate story')
    if (!once && !stays) tell.says('(the output is no terminal: this ends after the story, as with --once)')
    tell.chapter('Preparing')
    await end.during(engine.prepare(tell))
    dir = mkdtempSync(join(tmpdir(), 'resource-broker-'))
    const stage = await tellSteps(engine, dir, running, tell, { signal: end.signal, env: traces?.env ?? {} })
    if (traces !== undefined) await tellTrace(traces, tell)
    if (stays) await inviteToTry(stage, tell, end)
    return 0
  } catch (error) {
    if (end.asked) return end.exitCode
    keep = true
    tellFailure(engine, tell, error, dir, running)
    return 1
  } finally {
    await stopAll(running, end)
    await traces?.end()
    if (dir !== undefined && !keep) await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function tellSteps(
  engine: Engine,
  dir: string,
  running: Running,
  tell: Teller,
  around: { signal: AbortSignal; env: Readonly<Record<string, string>> },
): Promise<Stage> {
  const started = performance.now()
  tell.chapter(engine.title)
  const stage = await setStage(engine, dir, running, tell, around)
  const times = [`stage ${seconds(tell.began)}`]
  for (const [i, [title, step]] of STEPS.entries()) {
    tell.chapter(`${i + 1}. ${title}`)
    await step(stage, tell)
    times.push(`step ${i + 1} ${seconds(tell.began)}`)
  }
  tell.chapter(`All six steps held, in ${seconds(started)}`)
  tell.says(times.join(', '))
  return stage
}

/** Shows where the time of the first placement went. */
async function tellTrace(traces: StoryTraces, tell: Teller): Promise<void> {
  tell.chapter(`The first placement, ${NAME}, as a trace`)
  for (const line of linesOf(treeOf(traceOf(traces.spans, NAME), (text) => tell.named(text)))) tell.plain(line)
  await traces.write()
  tell.plain()
  tell.says(`All traces are in ${traces.file}: OTLP as JSON, as Jaeger's UI and others open it.`)
}

function tellFailure({ logs }: Engine, tell: Teller, error: unknown, dir: string | undefined, running: Running): void {
  const dead = running.services.filter((service) => !service.running).map(({ spec }) => spec.name)
  const rows = {
    ...(error instanceof UnmetExpectation
      ? { expected: error.expected, seen: error.seen }
      : { error: explained(error) }),
    ...(dead.length === 0 ? {} : { ended: `${dead.join(', ')}: ended by itself` }),
    ...(dir === undefined ? {} : { logs: `${dir}: ${logs}` }),
  }
  tell.failed('the story broke off', rows)
}

function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** The services first, while everything that they talk to is there. A second Ctrl-C does not wait: the testbed's watchdog kills. */
async function stopAll({ services, landscape }: Running, end: EndSignal): Promise<void> {
  end.impatient()
  await Promise.all(services.map((service) => service.stop()))
  await landscape?.stop()
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`
