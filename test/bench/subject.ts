import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyName } from '@resource-broker/api'
import { logTail, ManagedProcess } from '@resource-broker/testbed'
import { SERVICES, startService } from '../support/broker.ts'
import type { Landscape, PlaneSite } from '../support/landscape.ts'
import { OtlpReceiver } from '../support/otlp-receiver.ts'

export type SubjectName = 'floor' | 'one process' | 'one process with traces' | 'five processes'

/** Who is measured: processes that place what the bench creates in `namespace`. */
export type Subject = {
  name: SubjectName
  namespace: string
  processes: ManagedProcess[]
  /** The name that an object's copy has at its provider. */
  copyName: (name: string) => string
  /** Of the broker's stream; the floor has none. */
  streamPrefix: string | undefined
  /** Takes the traces, of which there are none but where they are measured. */
  receiver: OtlpReceiver | undefined
}

const STOP_MS = 15_000
/** Traces as they are kept where there are many. */
const ONE_OF_A_HUNDRED = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' }
const PROGRAMS = { floor: import.meta.resolve('./floor.ts'), actor: import.meta.resolve('./actor.ts') }

export async function startSubject(landscape: Landscape<PlaneSite>, name: SubjectName): Promise<Subject> {
  const namespace = name.replaceAll(' ', '-')
  for (const site of sitesOf(landscape))
    await site.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  if (name === 'floor') {
    const { consumers, platform } = landscape
    const processes = [await startProgram(landscape, 'floor', consumers['consumer'] as PlaneSite, platform)]
    return { name, namespace, processes, copyName: (of) => of, streamPrefix: undefined, receiver: undefined }
  }
  const receiver = name === 'one process with traces' ? await OtlpReceiver.start() : undefined
  const env = receiver === undefined ? {} : { ...ONE_OF_A_HUNDRED, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }
  const own = { ...landscape, flags: [...landscape.flags, '--stream-prefix', namespace], env }
  const processes =
    name === 'five processes'
      ? await Promise.all(SERVICES.map((service) => startService(own, service)))
      : [await startService(own, 'broker')]
  return { name, namespace, processes, copyName: (of) => copyName('consumer', of), streamPrefix: namespace, receiver }
}

/** Starts one of the bench's own programs, with the sites that are given and the providers as arguments. */
export async function startProgram(
  { dir, providers }: Landscape<PlaneSite>,
  name: keyof typeof PROGRAMS,
  ...first: PlaneSite[]
): Promise<ManagedProcess> {
  const logFile = join(dir, `${name}.log`)
  return await ManagedProcess.start({
    name,
    command: process.execPath,
    args: [
      fileURLToPath(PROGRAMS[name]),
      ...[...first, ...Object.values(providers)].map(({ kubeconfig }) => kubeconfig),
    ],
    logFile,
    ready: () => logTail(logFile).includes('ready'),
  })
}

export async function stopSubject({ name, processes, receiver }: Subject): Promise<void> {
  const dead = processes.filter(({ running }) => !running)
  if (dead.length > 0)
    throw new Error(
      `${name}: ${dead.map((each) => each.spec.name).join(', ')} did not survive:\n${logTail(dead[0]?.logFile ?? '')}`,
    )
  await Promise.all(processes.map((each) => each.stop(STOP_MS)))
  await receiver?.close()
}

export function pidsOf(processes: ManagedProcess[]): number[] {
  return processes.flatMap(({ pid }) => pid ?? [])
}

/** The API servers: platform, consumer, both providers. */
export function sitesOf({ platform, consumers, providers }: Landscape<PlaneSite>): PlaneSite[] {
  return [platform, ...Object.values(consumers), ...Object.values(providers)]
}
