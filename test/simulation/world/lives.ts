import type { SeededRandom } from '../../support/seeded-random.ts'
import { PARTITIONS, Replica, type Surroundings } from '../broker/replica.ts'
import { type PlainSurroundings, SimulatedClusters } from '../broker/simulated-clusters.ts'
import type { SimulatedStream } from '../bus/state-stream.ts'
import { Process } from './process.ts'
import type { Story } from './story.ts'
import { running, type VirtualTime } from './virtual-time.ts'

/** Who was not heard of for so long is not counted as alive by the others. */
const UNHEARD_MS = 3_000

type Options = {
  time: VirtualTime
  story: Story
  stream: SimulatedStream
  random: SeededRandom
  clockOffMs: number
  around: () => Surroundings & PlainSurroundings
}

type Life = { replica: Replica; clusters: SimulatedClusters; process: Process; since: number }

/** The replicas, each in the life that it is in, and what befalls them. */
export class Lives {
  readonly #options: Options
  readonly #lives = new Map<string, Life>()
  readonly #away = new Set<string>()

  constructor(options: Options) {
    this.#options = options
  }

  boot(name: string): void {
    const { random, clockOffMs, around, time } = this.#options
    const process = new Process(name, random.between(-1, 1) * clockOffMs)
    const surroundings = around()
    const clusters = running.run(process, () => new SimulatedClusters(surroundings, surroundings.logger(process)))
    const replica = running.run(process, () => new Replica(process, surroundings, () => clusters))
    this.#lives.set(name, { replica, clusters, process, since: time.elapsed })
    for (const provider of this.#away) running.run(process, () => clusters.setAway(provider, true))
    const start = () => void replica.start()
    running.run(process, surroundings.isRecorded ? () => void clusters.follow(process.signal).then(start) : start)
  }

  /** Names of those that one of them takes for alive. */
  alive(asking: Process): string[] {
    const { time } = this.#options
    const counts = ({ process, since }: { process: Process; since: number }) =>
      process === asking || process.state === 'running' || time.elapsed - since < UNHEARD_MS
    return [...this.#lives.values()].filter(counts).map(({ process }) => process.name)
  }

  /** Kills a replica, and starts it again later. */
  crash(name: string): void {
    const { time, story, stream, random } = this.#options
    const life = this.#lives.get(name)
    if (life === undefined || life.process.isDead) return
    life.process.state = 'dead'
    life.since = time.elapsed
    story.tell('the world', `kills ${name}`)
    stream.silent(life.process)
    time.after(random.between(100, 12_000), () => {
      story.tell('the world', `starts ${name}`)
      this.boot(name)
    })
  }

  freeze(name: string, ms: number): void {
    const { time, story, stream } = this.#options
    const life = this.#lives.get(name)
    if (life?.process.state !== 'running') return
    const { process } = life
    process.state = 'frozen'
    life.since = time.elapsed
    story.tell('the world', `freezes ${name}`)
    stream.silent(process)
    time.after(ms, () => {
      if (process.state !== 'frozen') return
      story.tell('the world', `thaws ${name}`)
      process.state = 'running'
      for (const task of process.held.splice(0)) time.after(0, task)
    })
  }

  leavePartition(name: string): void {
    const { story, random } = this.#options
    const life = this.#lives.get(name)
    if (life?.process.state !== 'running') return
    story.tell('the world', `lets ${name} leave a partition to the other`)
    const partition = random.between(0, PARTITIONS - 1)
    running.run(life.process, () => life.replica.leave(partition))
  }

  /** Providers whose kubeconfig is not there. */
  get away(): ReadonlySet<string> {
    return this.#away
  }

  /** All replicas come to know it, one after the other. */
  setAway(provider: string, isAway: boolean): void {
    const { time, story, random } = this.#options
    story.tell(
      'the world',
      isAway ? `takes the kubeconfig of ${provider} away` : `gives the kubeconfig of ${provider} back`,
    )
    if (isAway) this.#away.add(provider)
    else this.#away.delete(provider)
    for (const { clusters, process } of this.#lives.values())
      time.after(random.next() * 300, () => clusters.setAway(provider, isAway), process)
  }
}
