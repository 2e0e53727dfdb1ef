import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AcceptAPI } from '@resource-broker/api'
import { waitFor } from '@resource-broker/testbed'
import { type Landscape, type PlaneSite, ROOT, startLandscape } from '../support/landscape.ts'
import { THING, THING_KIND } from '../support/provider-controller.ts'
import { Stage } from './stage.ts'
import { type SubjectName, startProgram, startSubject, stopSubject } from './subject.ts'
import { SIZES } from './things.ts'

export type Ground = Landscape<PlaneSite>

/** Starts the servers with the offers for `work`. Where that throws, the servers' logs are kept below the directory that the message names. */
export async function onGround<T>(say: (line: string) => void, work: (ground: Ground) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-'))
  const crds = [join(ROOT, 'test/support/thing-crd.yaml')]
  const sites = { consumers: ['consumer'], providers: ['alpha', 'beta'], consumerCrds: crds, providerCrds: crds }
  const ground = await startLandscape({ dir, ...sites, kinds: [THING_KIND], report: say, mayDoEverything: true })
  try {
    await offer(ground)
    const result = await work(ground)
    await rm(dir, { recursive: true, force: true })
    return result
  } catch (cause) {
    throw new Error(`the bench failed; its logs are in ${dir}`, { cause })
  } finally {
    await ground.stop()
  }
}

/** Has `work` done while one subject and the providers' operator run; nothing of it is left then. */
export async function withSubject<T>(
  ground: Ground,
  name: SubjectName,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const actor = await startProgram(ground, 'actor')
  const subject = await startSubject(ground, name)
  if (name !== 'floor') await untilOffersAreReady(ground)
  const stage = await Stage.open(ground, subject, actor)
  const result = await work(stage)
  await stage.clear()
  stage.close()
  await stopSubject(subject)
  await actor.stop()
  return result
}

/** Each provider takes one of the sizes. */
async function offer({ providers }: Landscape<PlaneSite>): Promise<void> {
  const { apiVersion, kind } = AcceptAPI
  for (const [i, provider] of Object.values(providers).entries()) {
    const spec = { gvr: THING, filters: [{ key: 'size', valueIn: [SIZES[i]] }] }
    await provider.client.apply({ apiVersion, kind, metadata: { name: 'things' }, spec })
  }
}

async function untilOffersAreReady({ providers }: Landscape<PlaneSite>): Promise<void> {
  type Offer = { status?: { conditions?: { type: string; status: string }[] } }
  for (const provider of Object.values(providers)) {
    await waitFor(`${provider.name}'s offer is ready`, async () => {
      const { status } = await provider.kube.get<Offer>({ ...AcceptAPI.resource, name: 'things' })
      return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    })
  }
}
