import { readFileSync } from 'node:fs'

/** The seeds of seeds.txt, with what each once found. */
export function knownSeeds(): { seed: number; why: string }[] {
  const text = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [seed = '', ...why] = line.split(' ')
      return { seed: Number(seed), why: why.join(' ') }
    })
}
