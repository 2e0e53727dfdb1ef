import { setTimeout as delay } from 'node:timers/promises'
import { type MessageCount, messagesPer } from './messages.ts'
import { cpuMs, machineBusyMs } from './processes.ts'
import { type RequestCount, type Traffic, traffic } from './requests.ts'
import type { Stage } from './stage.ts'

/** CPU milliseconds by whose processes had them; `each`: of the subject's, by name. */
export type Cpu = { subject: number; nats: number; servers: number; bench: number; each: Record<string, number> }

/** What a piece of work caused, per object. */
export type Counted<T> = { result: T; traffic: Traffic; messages: MessageCount | undefined }

/** After the last effect, for requests that should not be there to show up in the counts. */
const SETTLE_MS = 500

/** Answers what CPU all had from now until it is called, divided by what it is called with. */
export function countCpu(stage: Stage): (per: number) => Cpu {
  const before = cpuNow(stage)
  return (per) => {
    const { each, ...after } = cpuNow(stage)
    const part = (now: number, then = 0): number => (now - then) / per
    const ofEach = Object.entries(each).map(([name, ms]) => [name, part(ms, before.each[name])])
    return {
      subject: part(after.subject, before.subject),
      nats: part(after.nats, before.nats),
      servers: part(after.servers, before.servers),
      bench: part(after.bench, before.bench),
      each: Object.fromEntries(ofEach),
    }
  }
}

function cpuNow(stage: Stage): Cpu {
  const each = stage.subjectPidsByName().map(([name, pid]) => [name, cpuMs([pid])])
  return {
    subject: cpuMs(stage.subjectPids()),
    nats: cpuMs(stage.natsPids()),
    servers: cpuMs(stage.serverPids()),
    bench: cpuMs(stage.benchPids()),
    each: Object.fromEntries(each),
  }
}

/** Answers which share of the machine's CPU time processes outside the bench had from now until it is called. */
export function countOthers(stage: Stage): () => number {
  const before = { machine: machineBusyMs(), ours: cpuMs(stage.allPids()) }
  return () => {
    const [machine, ours] = [machineBusyMs() - before.machine, cpuMs(stage.allPids()) - before.ours]
    return Math.max(0, machine - ours) / machine
  }
}

/** Runs `work` and adds the requests and messages that it caused, each divided by `per`; `own`: what the bench did meanwhile. */
export async function counted<T>(
  stage: Stage,
  per: number,
  own: RequestCount[],
  work: () => Promise<T>,
): Promise<Counted<T>> {
  const [requests, messages] = [await stage.countRequests(), await stage.countMessages()]
  const result = await work()
  await delay(SETTLE_MS)
  const messagesAfter = await stage.countMessages()
  return {
    result,
    traffic: traffic(requests, await stage.countRequests(), own, per),
    messages: messages && messagesAfter && messagesPer(messages, messagesAfter, per),
  }
}
