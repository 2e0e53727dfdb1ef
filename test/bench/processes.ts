import { readFileSync } from 'node:fs'

/** USER_HZ of Linux. */
const TICK_MS = 10
const KIB_PER_MIB = 1024

/** Milliseconds of CPU that these processes have used so far, all threads, user and system. */
export function cpuMs(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + cpuOf(pid), 0)
}

function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Milliseconds that all cores together were busy since the machine started. */
export function machineBusyMs(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  )
    .split(/\s+/)
    .map(Number)
  return (user + nice + system + irq + softirq) * TICK_MS
}

/** MiB: resident, its proportional share where pages are shared, and the most that was ever resident. */
export type Memory = { rssMiB: number; pssMiB: number; peakRssMiB: number }

export function memoryOf(pids: number[]): Memory {
  const each = pids.map((pid) => {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return { rssMiB: field(rollup, 'Rss'), pssMiB: field(rollup, 'Pss'), peakRssMiB: field(status, 'VmHWM') }
  })
  const sum = (name: keyof Memory): number => each.reduce((total, memory) => total + memory[name], 0)
  return { rssMiB: sum('rssMiB'), pssMiB: sum('pssMiB'), peakRssMiB: sum('peakRssMiB') }
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / KIB_PER_MIB
}
