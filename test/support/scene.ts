import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManagedProcess } from '@resource-broker/testbed'
import { startService } from './broker.ts'
import { type Landscape, type LandscapeOptions, ROOT, type Site, startLandscape } from './landscape.ts'
import { runThingController, THING_KIND } from './provider-controller.ts'

const THING_CRD = join(ROOT, 'test/support/thing-crd.yaml')

type SceneOptions = Pick<LandscapeOptions, 'consumers' | 'providers'> &
  Partial<Pick<LandscapeOptions, 'kinds' | 'consumerCrds' | 'providerCrds'>> & {
    /** Done after the clusters stand and before the broker starts. */
    before?: (landscape: Landscape) => Promise<void>
  }

/** A fresh landscape with the whole broker as one process and an operator for Things at each provider. */
export type Scene = {
  landscape: Landscape
  broker: ManagedProcess
  /** A consumer or provider by name. */
  site: (name: string) => Site
  stop: () => Promise<void>
}

export async function startScene({ before, ...options }: SceneOptions): Promise<Scene> {
  const dir = await mkdtemp(join(tmpdir(), 'resource-broker-'))
  const landscape = await startLandscape({
    ...options,
    dir,
    kinds: [THING_KIND, ...(options.kinds ?? [])],
    consumerCrds: [THING_CRD, ...(options.consumerCrds ?? [])],
    providerCrds: [THING_CRD, ...(options.providerCrds ?? [])],
  })
  const stops = Object.values(landscape.providers).map((provider) => runThingController(provider))
  const stop = async (broker?: ManagedProcess) => {
    for (const each of stops) each()
    await broker?.stop()
    await landscape.stop()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await before?.(landscape)
    const broker = await startService(landscape, 'broker')
    const sites = { ...landscape.consumers, ...landscape.providers }
    return { landscape, broker, site: (name) => sites[name] as Site, stop: () => stop(broker) }
  } catch (error) {
    await stop()
    throw error
  }
}
