import { RE2JS } from 're2js'

/** Longest text that a pattern looks at; a longer one never matches. */
export const LONGEST_SUBJECT = 2048
/** Most instructions of a compiled pattern: together with the text's length this bounds the time of a match. */
const LARGEST_PROGRAM = 1024

/** `needles`: one of them is in every text that matches; undefined where nothing is known to be. */
export type Pattern = { source: string; test: (text: string) => boolean; needles: readonly string[] | undefined }

/** What re2js finds out about a pattern to skip texts early (its `Prefilter`), which it declares as `any`. */
type Prefilter = { type: number; str: string; subs: readonly Prefilter[] }
const [EXACT, AND, OR] = [1, 2, 3]

const KEPT_PATTERNS = 1000
const patterns = new Map<string, Pattern>()

/**
 * Compiles an RE2 expression (linear time). Returns what is wrong with it, as a sentence, if it cannot be used. Offers that have
 * the same pattern share it, so that it is tried once for an object.
 */
export function compilePattern(source: string): Pattern | { mistake: string } {
  const known = patterns.get(source)
  if (known !== undefined) return known
  if (source.length > 1024) return { mistake: 'the pattern is longer than 1024 characters' }
  try {
    const program = RE2JS.compile(source)
    if (program.programSize() > LARGEST_PROGRAM) return { mistake: 'the pattern is too large: repeat less' }
    const needles = needlesOf((program.re2Input.prefilter as Prefilter | null) ?? undefined)
    const pattern = { source, needles, test: rememberingLast((text) => program.test(text)) }
    if (patterns.size >= KEPT_PATTERNS) patterns.clear()
    patterns.set(source, pattern)
    return pattern
  } catch (error) {
    return { mistake: `not a valid RE2 pattern: ${(error as Error).message.replace(/^error parsing regexp: /, '')}` }
  }
}

function rememberingLast(test: (text: string) => boolean): Pattern['test'] {
  let last: { text: string; matches: boolean } | undefined
  return (text) => {
    if (text.length > LONGEST_SUBJECT) return false
    if (last?.text !== text) last = { text, matches: test(text) }
    return last.matches
  }
}

/** Of what has to be there, that whose shortest text is the longest. */
function needlesOf(prefilter: Prefilter | undefined): readonly string[] | undefined {
  if (prefilter?.type === EXACT) return [prefilter.str]
  const subs = (prefilter?.subs ?? []).map(needlesOf)
  if (prefilter?.type === OR) return subs.every((sub) => sub !== undefined) ? subs.flat() : undefined
  if (prefilter?.type !== AND) return undefined
  const shortest = (texts: readonly string[] = []) => Math.min(...texts.map((text) => text.length))
  const known = subs.filter((sub) => sub !== undefined)
  return known.reduce<readonly string[] | undefined>(
    (best, sub) => (best === undefined || shortest(sub) > shortest(best) ? sub : best),
    undefined,
  )
}
