import { Assignment, finalizer } from '@resource-broker/api'
import type { SandboxChange } from '@resource-broker/sandbox'
import { type Judgement, type Judges, judgeAtOnce, type Witness, type Write } from './judgement.ts'
import type { Landscape, Site } from './landscape.ts'
import type { Ledger } from './ledger.ts'

type Object = SandboxChange['object']

/** In a kcp of the sandbox, which tells of each write when it is made: then nothing else has changed yet. */
export class LedgerWitness implements Witness {
  readonly #ledger: Ledger
  readonly #landscape: Landscape
  #unlisten: (() => void) | undefined

  constructor(ledger: Ledger, landscape: Landscape) {
    this.#ledger = ledger
    this.#landscape = landscape
  }

  async attend(judges: Judges, note: (violation: string) => void): Promise<void> {
    this.#unlisten = this.#ledger.listen(({ resource, object, previous }, path) => {
      if (resource === Assignment.resource.resource) this.#onAssignment(judges, object, previous)
      else this.#onThing(judges, note, path, { object, previous })
    })
  }

  /** What lived in a workspace that is gone is gone: nobody is asked, who would say no there. */
  async judge(judgement: () => Judgement): Promise<void> {
    judgeAtOnce(judgement(), this.#ledger)
  }

  async stop(): Promise<void> {
    this.#unlisten?.()
  }

  #onAssignment(judges: Judges, object: Object, previous: Object): void {
    if (object !== undefined) judges.named(object)
    const isSwitch = object !== undefined && previous !== undefined && activeOf(object) !== activeOf(previous)
    if (object === undefined || isSwitch) judgeAtOnce(judges.assignment(writeOf(object, previous)), this.#ledger)
  }

  #onThing(
    judges: Judges,
    note: (violation: string) => void,
    path: string,
    { object, previous }: Pick<SandboxChange, 'object' | 'previous'>,
  ): void {
    const { consumers, providers } = this.#landscape
    const consumer = Object.values(consumers).find((site) => site.path === path)
    if (consumer !== undefined) {
      const isRelease = isGuarded(previous) && !isGuarded(object)
      if (isRelease) judgeAtOnce(judges.release(consumer, writeOf(object, previous)), this.#ledger)
      return
    }
    const provider = Object.values(providers).find((site) => holdsCopies(site, Object.values(consumers), path))
    if (provider === undefined) {
      note(`${(object ?? previous)?.metadata.name} is written in ${path}`)
      return
    }
    const isRemoval = previous !== undefined && !isLeaving(previous) && (object === undefined || isLeaving(object))
    const write: Write = isRemoval ? { operation: 'DELETE', oldObject: previous } : writeOf(object, previous)
    if (isRemoval || write.operation === 'CREATE') judgeAtOnce(judges.copy(provider, write), this.#ledger)
  }
}

function writeOf(object: Object, oldObject: Object): Write {
  if (object === undefined) return { operation: 'DELETE', oldObject }
  return oldObject === undefined ? { operation: 'CREATE', object } : { operation: 'UPDATE', object, oldObject }
}

const activeOf = (assignment: Object) => (assignment as unknown as Assignment).spec.providerCluster

const isGuarded = (object: Object) => object?.metadata.finalizers?.includes(finalizer) ?? false

const isLeaving = (object: Object) => object?.metadata.deletionTimestamp !== undefined

const holdsCopies = ({ copiesOf }: Site, consumers: Site[], path: string) =>
  consumers.some((consumer) => copiesOf?.(consumer).path === path)
