import { RE2JS } from 're2js'

/** Longest text that a pattern looks at; a longer one never matches. */
export const LONGEST_SUBJECT = 2048
/** Most instructions of a compiled pattern: together with the text's length this bounds the time of a match. */
const LARGEST_PROGRAM = 1024

export type Pattern = { source: string; test: (text: string) => boolean }

/** Compiles an RE2 expression (linear time). Returns what is wrong with it, as a sentence, if it cannot be used. */
export function compilePattern(source: string): Pattern | { mistake: string } {
  if (source.length > 1024) return { mistake: 'the pattern is longer than 1024 characters' }
  try {
    const program = RE2JS.compile(source)
    if (program.programSize() > LARGEST_PROGRAM) return { mistake: 'the pattern is too large: repeat less' }
    return { source, test: (text) => text.length <= LONGEST_SUBJECT && program.test(text) }
  } catch (error) {
    return { mistake: `not a valid RE2 pattern: ${(error as Error).message.replace(/^error parsing regexp: /, '')}` }
  }
}
