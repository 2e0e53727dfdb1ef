import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AcceptAPI } from '@resource-broker/api'
import { waitFor } from '@resource-broker/testbed'
import { type Landscape, type PlaneSite, ROOT, startLandscape } from '../support/landscape.ts'
import { THING, THING_KIND } from '../support/provider-controller.ts'
import { type Measured, measure, type Sizes } from './measure.ts'
import { Stage } from './stage.ts'
import { type SubjectName, startProgram, startSubject, stopSubject } from './subject.ts'
import { SIZES } from './things.ts'

export type Run = { name: SubjectName; measured: Measured }

/**
 * Measures each subject on the same servers, one after the other, each with nothing left of the one before. Throws when an object
 * is lost on the way; the servers' logs are then kept below the directory that the message names.
 */
export async function runSubjects(names: SubjectName[], sizes: Sizes, say: (line: string) => void): Promise<Run[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-'))
  const crds = [join(ROOT, 'test/support/thing-crd.yaml')]
  const sites = { consumers: ['consumer'], providers: ['alpha', 'beta'], consumerCrds: crds, providerCrds: crds }
  const landscape = await startLandscape({ dir, ...sites, kinds: [THING_KIND], report: say, mayDoEverything: true })
  const runs: Run[] = []
  try {
    await offer(landscape)
    for (const name of names) {
      say(
        `${name}: ${sizes.samples} objects one by one, ${sizes.samples} changes of status, ${sizes.burst} objects at once`,
      )
      runs.push({ name, measured: await run(landscape, name, sizes) })
    }
  } catch (cause) {
    throw new Error(`the bench failed; its logs are in ${dir}`, { cause })
  } finally {
    await landscape.stop()
  }
  await rm(dir, { recursive: true, force: true })
  return runs
}

async function run(landscape: Landscape<PlaneSite>, name: SubjectName, sizes: Sizes): Promise<Measured> {
  const actor = await startProgram(landscape, 'actor')
  const subject = await startSubject(landscape, name)
  if (name !== 'floor') await untilOffersAreReady(landscape)
  const stage = await Stage.open(landscape, subject, actor)
  const measured = await measure(stage, sizes)
  await stage.clear()
  stage.close()
  await stopSubject(subject)
  await actor.stop()
  return measured
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
