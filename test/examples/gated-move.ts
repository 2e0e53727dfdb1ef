import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ManagedProcess, Walk } from '@resource-broker/testbed'
import { parse, stringify } from 'yaml'
import { prepare } from '../../examples/postgres/run.ts'
import { SERVICES, startService } from '../support/broker.ts'
import { ROOT } from '../support/landscape.ts'

const DIR = join(ROOT, '.tmp/postgres')
const GATES = join(DIR, 'gates')
const FENCED = join(ROOT, 'examples/postgres/platform/fenced.yaml')
/** Where the README starts the broker in one process, and where the consumer's program. */
const BROKER = 'npm run --silent broker'
const WRITER = 'consumer/write.sh'

type Job = { kind: string; spec: { template: { spec: { containers: { command: string[] }[] } } } }
type Configuration = { spec: { stages: { name: string; timeout?: string; templates: Record<string, Job> }[] } }

/**
 * The move of the example's README in which the consumer goes on writing, by services that are processes of their own; each stage waits in
 * the middle until it is told to go on.
 */
export class GatedMove {
  #walk: Walk | undefined
  #services: ManagedProcess[] = []
  #stages: string[] = []
  #name = ''

  /** Does what the README does until the broker runs, and has the database move while its consumer writes. */
  async begin(): Promise<void> {
    this.#walk = await prepare(() => undefined)
    const { walkthrough, steps } = this.#walk
    const broker = steps.findIndex(({ commands }) => commands.startsWith(BROKER))
    const writer = steps.findIndex(({ commands }) => commands.includes(WRITER))
    await walkthrough.walk(steps.slice(0, broker))
    await this.#startServices(steps[broker]?.commands ?? '')
    const [offers, database] = steps.slice(broker + 1)
    await walkthrough.walk([offers, database].filter((step) => step !== undefined))
    await this.#gate()
    await walkthrough.run('database orders; sql orders "create table orders (id int primary key)"')
    await walkthrough.walk(steps.slice(writer, writer + 1))
    await this.#run(`consumer patch postgres orders --type merge -p '{"spec":{"tier":"production"}}'`)
    await this.#run('until test -n "$(platform get migrations -o name)"; do :; done')
    this.#name = await this.#run('platform get migrations -o name')
  }

  /** Calls back in the middle of each stage, and lets it go on then. Answers their names, once the move has ended. */
  async eachStage(meanwhile: (services: ManagedProcess[]) => Promise<void>): Promise<string[]> {
    for (const stage of this.#stages) {
      await this.#reaches('stage', stage)
      await meanwhile(this.#services)
      await this.#run(`echo go > ${join(GATES, stage)}`) // until the stage's Job is there to read it
    }
    await this.#reaches('state', 'CutoverCompleted')
    return this.#stages
  }

  /** How each stage stands, and how often it was begun. */
  async attempts(): Promise<string[]> {
    const each = '{range .status.stages[*]}{.name}: {.state}, attempt {.attempt}{"\\n"}{end}'
    return (await this.#run(`platform get ${this.#name} -o jsonpath='${each}'`)).split('\n')
  }

  /** What the consumer's program was told that it had written, what is in the new database, and how many rows the last stage compared. */
  async rows() {
    await this.#run('touch .tmp/postgres/written.stop; until test -e .tmp/postgres/written.last; do :; done')
    const ask = (expression: string) => this.#run(`sql orders "select ${expression} from orders"`)
    const compared = `platform get ${this.#name} -o jsonpath='{.status.stages[?(@.name=="compare")].results.rows}'`
    return {
      written: Number(await readFile(join(DIR, 'written.last'), 'utf8')),
      count: Number(await ask('count(*)')),
      highest: Number(await ask('max(id)')),
      compared: Number(await this.#run(compared)),
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.stop()))
    await this.#walk?.walkthrough.stop()
  }

  /** Each with the flags that the README gives to all of them. */
  async #startServices(commands: string): Promise<void> {
    const said = await this.#run(`printf '%s\\n' ${commands.slice(commands.indexOf('-- ') + '-- '.length)}`)
    const flags = said.split('\n').map((flag) => (flag.startsWith('.tmp/') ? join(ROOT, flag) : flag))
    const home = { dir: join(ROOT, '.tmp/postgres-logs'), flags }
    this.#services = await Promise.all(SERVICES.map((name) => startService(home, name)))
  }

  /** The configuration of the README, each Job of which first waits for a word. */
  async #gate(): Promise<void> {
    const configuration = parse(await readFile(FENCED, 'utf8'), { merge: true }) as Configuration
    await mkdir(GATES, { recursive: true })
    for (const stage of configuration.spec.stages) {
      const gate = join(GATES, stage.name)
      await promisify(execFile)('mkfifo', [gate])
      delete stage.timeout // however long a busy machine takes
      for (const { kind, spec } of Object.values(stage.templates)) {
        const command = kind === 'Job' ? spec.template.spec.containers[0]?.command : undefined
        command?.push(`read -r _ < '${gate}'\n${command.pop()}`)
      }
    }
    this.#stages = configuration.spec.stages.map(({ name }) => name)
    const file = join(GATES, 'gated.yaml')
    await writeFile(file, stringify(configuration))
    await this.#run(`platform apply -f ${file}`)
    await this.#run('platform wait --for=condition=Ready migrationconfiguration/fenced --timeout=120s')
  }

  async #reaches(field: string, value: string): Promise<void> {
    await this.#run(`platform wait --for=jsonpath='{.status.${field}}'=${value} ${this.#name} --timeout=240s`)
  }

  #run(commands: string): Promise<string> {
    return (this.#walk as Walk).walkthrough.run(commands)
  }
}
