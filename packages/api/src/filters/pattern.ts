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

/** Compiles an RE2 expression (linear time). Returns what is wrong with it, as a sentence, if it cannot be used. */
export function compilePattern(source: string): Pattern | { mistake: string } {
  if (source.length > 1024) return { mistake: 'the pattern is longer than 1024 characters' }
  try {
    const program = RE2JS.compile(source)
    if (program.programSize() > LARGEST_PROGRAM) return { mistake: 'the pattern is too large: repeat less' }
    const needles = needlesOf((program.re2Input.prefilter as Prefilter | null) ?? undefined)
    return { source, needles, test: (text) => text.length <= LONGEST_SUBJECT && program.test(text) }
  } catch (error) {
    return { mistake: `not a valid RE2 pattern: ${(error as Error).message.replace(/^error parsing regexp: /, '')}` }
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
