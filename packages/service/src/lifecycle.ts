import { flushCompileCache } from 'node:module'
import type { DestinationStream, Logger } from 'pino'
import { type ConfigSchema, helpText, parseConfig } from './config.ts'
import type { SharedConfig } from './flags.ts'
import { Readiness, type ReadyCheck } from './health.ts'
import { type RouteHandler, type Routes, serveHttp } from './http.ts'
import { createLogger } from './logger.ts'
import { type Metrics, MetricsRegistry } from './metrics.ts'
import { whenParentGone } from './parent.ts'
import { type Stop, StopStack } from './stop.ts'
import type { Traces } from './tracing/otel.ts'
import { isTraced, type Tracing } from './tracing/tracing.ts'

/** What a service is given when it starts. */
export type ServiceContext<C extends SharedConfig = SharedConfig> = {
  name: string
  config: C
  /** Adds the field `service` to each line. */
  logger: Logger
  /** Adds the label `service` to each sample. */
  metrics: Metrics
  /** Undefined: nobody takes traces. */
  tracing: Tracing | undefined
  /** Aborts when the process begins to stop, before any stop step runs. */
  signal: AbortSignal
  /** `/readyz` fails while the check gives a reason. It is listed as `<service>/<name>`. */
  readyCheck(name: string, check: ReadyCheck): void
  /** Answers GET `path` with JSON. */
  route(path: string, handler: RouteHandler): void
  /** Runs at the stop, last added first. A step added after the stop began runs at once. */
  onStop(name: string, stop: Stop): void
  /**
   * What several services of this process need once, by name: opened for the first that asks, and closed after all of them have
   * stopped. `open` is given the process's own logger, checks and stop steps.
   */
  shared<T>(name: string, open: (process: ProcessContext) => Promise<T>): Promise<T>
  /** Ends the whole process with exit code 1: for a failure after the start that nothing mends, such as a lost login. */
  fail(error: unknown): void
}

/** Of the process instead of one service; `name` is the program's. */
export type ProcessContext = Pick<
  ServiceContext,
  'name' | 'logger' | 'metrics' | 'tracing' | 'signal' | 'readyCheck' | 'onStop'
>

/** A service: its flags and what it does. `start` resolves once it works, and leaves what is to be stopped in `onStop`. */
export type ServiceDefinition<C extends SharedConfig = SharedConfig> = {
  name: string
  /** One line for `--help`. */
  summary: string
  config: ConfigSchema<C>
  start(context: ServiceContext<C>): void | Promise<void>
}

/** Several services in one process under one name. */
export type Program = { name: string; summary: string; services: readonly ServiceDefinition[] }

/** The process as this package sees it; tests give their own. */
export type Host = {
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  events: Pick<NodeJS.EventEmitter, 'on'>
  /** The process that is the parent now. */
  parent(): number
  stdout(text: string): void
  stderr(text: string): void
  exit(code: number): void
  logs?: DestinationStream
  /** How long a stop may take, in milliseconds. */
  stopDeadline: number
}

const thisProcess: Host = {
  argv: process.argv.slice(2),
  env: process.env,
  events: process,
  parent: () => process.ppid,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  exit: (code) => process.exit(code),
  stopDeadline: 10_000,
}

/** Runs one service as this process: `await runService(service)` is all that its main.ts holds. */
export function runService<C extends SharedConfig>(service: ServiceDefinition<C>, host: Host = thisProcess) {
  return runServices({ ...service, services: [service] }, host)
}

/**
 * Runs services in this process, with one configuration, HTTP server and log. Exit codes: 0 after `--help` and after
 * a stop by SIGTERM or SIGINT, 1 after a failure or a stop that failed, 2 for a wrong configuration.
 */
export async function runServices(program: Program, host: Host = thisProcess): Promise<void> {
  const schemas = program.services.map(({ config }) => config)
  const parsed = parseConfig(schemas, host.argv, host.env)
  if (parsed.outcome === 'help') {
    host.stdout(helpText(program.name, program.summary, schemas))
    return host.exit(0)
  }
  if (parsed.outcome === 'mistakes') {
    host.stderr(parsed.lines.map((line) => `${program.name}: ${line}\n`).join(''))
    return host.exit(2)
  }
  await new Run(program, parsed.configs, host).start()
}

class Run {
  readonly #program: Program
  readonly #configs: readonly SharedConfig[]
  readonly #host: Host
  readonly #logger: Logger
  readonly #metrics = new MetricsRegistry()
  readonly #readiness = new Readiness()
  readonly #routes: Routes = new Map()
  readonly #stopping = new AbortController()
  readonly #stack: StopStack
  readonly #shared = new Map<string, Promise<unknown>>()
  #traces: Traces | undefined
  #tracing: Tracing | undefined
  #exited = false

  constructor(program: Program, configs: readonly SharedConfig[], host: Host) {
    this.#program = program
    this.#configs = configs
    this.#host = host
    const fields = isTraced(host.env) ? () => this.#tracing?.logFields() ?? {} : undefined
    this.#logger = createLogger(this.#config, host.logs, fields)
    this.#stack = new StopStack(this.#logger)
  }

  get #config(): SharedConfig {
    const [config] = this.#configs
    if (config === undefined) throw new TypeError(`${this.#program.name} has no services`)
    return config
  }

  async start(): Promise<void> {
    const { events } = this.#host
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      events.on(event, (err: unknown) => this.#die(err, 'unhandled error'))
    }
    for (const signal of ['SIGTERM', 'SIGINT']) events.on(signal, () => this.#onSignal(signal))
    const starter = this.#host.env['BROKER_PARENT']
    if (starter !== undefined)
      whenParentGone(Number(starter), this.#host.parent, () => this.#onSignal('the command that started it is gone'))
    this.#metrics.collectProcess()
    try {
      await this.#trace()
      await this.#listen()
      await Promise.all(this.#begin())
      if (!this.#stopping.signal.aborted) this.#logger.info('started')
      // With NODE_COMPILE_CACHE: written now, so that a process that is killed later leaves it for the next one.
      flushCompileCache()
    } catch (err) {
      if (this.#stopping.signal.aborted) return
      this.#logger.fatal({ err }, 'start failed')
      await this.#stop(1)
    }
  }

  /** What OpenTelemetry needs is loaded only where somebody takes traces. */
  async #trace(): Promise<void> {
    if (!isTraced(this.#host.env)) return
    const { openTraces } = await import('./tracing/otel.ts')
    const traces = openTraces(this.#host.env, this.#logger)
    this.#traces = traces
    this.#tracing = traces.of(this.#program.name)
    this.#stack.push('traces', () => traces.close())
  }

  async #listen(): Promise<void> {
    const wanted = this.#config.httpAddress
    if (wanted === null) return
    const content = { readiness: this.#readiness, metrics: this.#metrics, routes: this.#routes }
    const { address, close } = await serveHttp(wanted, content)
    this.#stack.push('http', close)
    this.#logger.info(address, 'listening for health and metrics')
  }

  /** Begins all services at once, as one may wait for what another makes. Each has its place in the stop order already. */
  #begin(): Promise<void>[] {
    const shared = this.#stack.nest('shared', this.#logger) // stops last
    const stacks = this.#program.services.map(({ name }) =>
      this.#stack.nest(name, this.#logger.child({ service: name })),
    )
    return this.#program.services.map(async (service, index) => {
      let starting = true
      this.#readiness.set(service.name, () => (starting ? 'starting' : undefined))
      await service.start(this.#context(service, index, stacks[index] as StopStack, shared))
      starting = false
    })
  }

  #context({ name }: ServiceDefinition, index: number, stack: StopStack, shared: StopStack): ServiceContext {
    return {
      name,
      config: this.#configs[index] as SharedConfig,
      logger: this.#logger.child({ service: name }),
      metrics: this.#metrics.forService(name),
      tracing: this.#traces?.of(name),
      signal: this.#stopping.signal,
      readyCheck: (check, run) => this.#readiness.set(`${name}/${check}`, run),
      route: (path, handler) => void this.#routes.set(path, handler),
      onStop: (step, stop) => stack.push(step, stop),
      shared: (what, open) => this.#open(what, shared, open),
      fail: (error) => this.#die(error, 'service failed'),
    }
  }

  #open<T>(name: string, stack: StopStack, open: (process: ProcessContext) => Promise<T>): Promise<T> {
    const opened = this.#shared.get(name) as Promise<T> | undefined
    if (opened !== undefined) return opened
    const opening = open({
      name: this.#program.name,
      logger: this.#logger,
      metrics: this.#metrics.forService(this.#program.name),
      tracing: this.#tracing,
      signal: this.#stopping.signal,
      readyCheck: (check, run) => this.#readiness.set(check, run),
      onStop: (step, stop) => stack.push(step, stop),
    })
    this.#shared.set(name, opening)
    return opening
  }

  /** @param signal its name, or what ends the process like one */
  #onSignal(signal: string): void {
    if (this.#stopping.signal.aborted) {
      this.#exit(1)
    } else {
      this.#logger.info({ signal }, 'stopping')
      void this.#stop(0)
    }
  }

  async #stop(code: 0 | 1): Promise<void> {
    this.#readiness.set('stopping', () => 'stopping')
    this.#stopping.abort()
    const deadline = Promise.withResolvers<'late'>()
    const timer = setTimeout(() => deadline.resolve('late'), this.#host.stopDeadline)
    const outcome = await Promise.race([this.#stack.stop(), deadline.promise])
    clearTimeout(timer)
    if (outcome === 'late') this.#logger.error({ step: this.#stack.current }, 'stop took too long')
    else this.#logger.info('stopped')
    this.#exit(outcome === 0 ? code : 1)
  }

  /** One fatal line and the end: what state the process is in is not known any more. */
  #die(err: unknown, message: string): void {
    if (this.#exited) return
    this.#logger.fatal({ err }, message)
    this.#exit(1)
  }

  #exit(code: number): void {
    if (this.#exited) return
    this.#exited = true
    this.#host.exit(code)
  }
}
