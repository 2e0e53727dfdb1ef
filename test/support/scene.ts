import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ServiceProcess, startService } from './broker.ts'
import { startKcpLandscape } from './kcp-landscape.ts'
import {
  ENGINE,
  type Landscape,
  type LandscapeOptions,
  ROOT,
  type Site,
  startLandscape,
  startWorkspaces,
} from './landscape.ts'
import { operate, THING_KIND } from './provider-controller.ts'
import { refusals } from './refusals.ts'

const THING_CRD = join(ROOT, 'test/support/thing-crd.yaml')

type SceneOptions = Pick<LandscapeOptions, 'consumers' | 'providers'> &
  Partial<Pick<LandscapeOptions, 'kinds' | 'consumerCrds' | 'providerCrds'>> & {
    /** Done after the clusters stand and before the broker starts. */
    before?: (landscape: Landscape) => Promise<void>
  }

/** A fresh landscape with the whole broker as one process and an operator for Things at each provider. */
export type Scene = {
  landscape: Landscape
  broker: ServiceProcess
  /** A consumer or provider by name. */
  site: (name: string) => Site
  /** Stops the broker and starts it with more flags. */
  restartBroker: (flags: string[]) => Promise<void>
  stop: () => Promise<void>
}

const ENGINES: Record<typeof ENGINE, (options: LandscapeOptions) => Promise<Landscape>> = {
  clusters: startLandscape,
  sandbox: startWorkspaces,
  kcp: ({ consumerCrds = [], ...options }) => startKcpLandscape({ ...options, brokeredCrds: consumerCrds }),
}

export async function startScene({ before, ...options }: SceneOptions): Promise<Scene> {
  const dir = await mkdtemp(join(tmpdir(), 'resource-broker-'))
  const landscape = await ENGINES[ENGINE]({
    ...options,
    dir,
    kinds: [THING_KIND, ...(options.kinds ?? [])],
    consumerCrds: [THING_CRD, ...(options.consumerCrds ?? [])],
    providerCrds: [THING_CRD, ...(options.providerCrds ?? [])],
  })
  const stops = await Promise.all(Object.values(landscape.providers).map((provider) => operate(provider)))
  const stop = async (broker?: ServiceProcess) => {
    for (const each of stops) each()
    await broker?.stop()
    await landscape.stop()
    const refused = await refusals(dir, landscape.restarts?.())
    await rm(dir, { recursive: true, force: true })
    if (refused.length > 0) throw new Error(`the broker was refused what it has no right to:\n${refused.join('\n')}`)
  }
  try {
    await before?.(landscape)
    const sites = { ...landscape.consumers, ...landscape.providers }
    const scene: Scene = {
      landscape,
      broker: await startService(landscape, 'broker'),
      site: (name) => sites[name] as Site,
      restartBroker: async (flags) => {
        await scene.broker.stop()
        scene.broker = await startService({ ...landscape, flags: [...landscape.flags, ...flags] }, 'broker')
      },
      stop: () => stop(scene.broker),
    }
    return scene
  } catch (error) {
    await stop()
    throw error
  }
}
