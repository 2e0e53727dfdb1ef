import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import { BUDGET, type Cost, costOf, type InputSize } from './cel-cost.ts'
import { lookupsOf } from './cel-lookups.ts'
import type { Path } from './path.ts'
import { compilePattern, LONGEST_SUBJECT, type Pattern } from './pattern.ts'
import type { Lookup } from './rules.ts'

/** What CEL sees of an object, and how large that is. */
export type CelInput = InputSize & { object: unknown }

type CelResult = { value: unknown } | { error: string }

/** `necessary`: what has to be true of the object's spec for the expression to be true. */
export type Program = {
  source: string
  evaluate: (input: CelInput) => CelResult
  necessary: readonly { path: Path; lookup: Lookup }[]
}

const LONGEST_EXPRESSION = 2048
/** Our name for `matches` inside the environment: the library's own uses a backtracking RegExp and cannot be replaced. */
const LINEAR_MATCHES = 'matchesRE2'

const environment = new Environment({
  enableOptionalTypes: true,
  limits: { maxAstNodes: 256, maxDepth: 32, maxListElements: 256 },
})
  .registerVariable('object', 'map')
  .registerFunction(`string.${LINEAR_MATCHES}(string): bool`, (text: string, pattern: string) => {
    if (text.length > LONGEST_SUBJECT)
      throw new Error(`matches() takes a text of at most ${LONGEST_SUBJECT} characters`)
    return patternOf(pattern).test(text)
  })

/**
 * Compiles a CEL expression over `object` that is true or false. Its size, nesting and functions are limited, and each
 * evaluation is bounded beforehand by what it could cost, so that no expression can stall the caller. Returns what is
 * wrong with it, as a sentence, if it cannot be used.
 */
export function compileCel(source: string): Program | { mistake: string } {
  if (source.length > LONGEST_EXPRESSION)
    return { mistake: `the expression is longer than ${LONGEST_EXPRESSION} characters` }
  try {
    const parsed = environment.parse(source)
    const cost = costOf(parsed.ast)
    const necessary = lookupsOf(parsed.ast)
    useLinearMatches(parsed.ast)
    const checked = parsed.check()
    if (!checked.valid) return { mistake: explain(checked.error) }
    if (checked.type !== 'bool' && checked.type !== 'dyn')
      return { mistake: `the expression gives ${checked.type}, not true or false` }
    return { source, evaluate: (input) => run(parsed, cost, input), necessary }
  } catch (error) {
    return { mistake: explain(error) }
  }
}

function run(program: (context: { object: unknown }) => unknown, cost: Cost, input: CelInput): CelResult {
  if (cost(input) > BUDGET) return { error: 'the object is too large for this expression' }
  try {
    return { value: program({ object: input.object }) }
  } catch (error) {
    return { error: explain(error) }
  }
}

/**
 * What an expression over `object` sees: apiVersion, kind, metadata (without managedFields) and spec. Whole numbers
 * become CEL ints, others doubles.
 */
export function celInput(object: Record<string, unknown>): CelInput {
  const size: InputSize = { characters: 0, longest: 0 }
  const { apiVersion, kind, metadata, spec } = object
  const { managedFields: _, ...shownMetadata } = (metadata ?? {}) as Record<string, unknown>
  return { object: toCel({ apiVersion, kind, metadata: shownMetadata, spec: spec ?? {} }, size), ...size }
}

function toCel(value: unknown, size: InputSize): unknown {
  size.characters += typeof value === 'string' ? value.length : 8
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  size.longest = Math.max(size.longest, entries.length)
  if (Array.isArray(value)) return value.map((item) => toCel(item, size))
  return new Map(
    entries
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => {
        size.characters += key.length
        return [key, toCel(item, size)]
      }),
  )
}

/** Renames every call of matches in the tree to ours, and compiles its pattern, which has to be a literal. */
function useLinearMatches(node: ASTNode): void {
  if (node.op === 'rcall' && node.args[0] === 'matches') {
    const pattern = node.args[2][0]
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string')
      throw new Error('matches() needs its pattern as a literal string')
    patternOf(pattern.args)
    ;(node.args as unknown[])[0] = LINEAR_MATCHES
  }
  for (const child of nodesIn(node.args)) useLinearMatches(child)
}

function nodesIn(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(nodesIn)
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : []
}

function patternOf(source: string): Pattern {
  const compiled = compilePattern(source)
  if ('mistake' in compiled) throw new Error(compiled.mistake)
  return compiled
}

/** The library's one-line summary, without the picture of the source that its message carries. */
function explain(error: unknown): string {
  const { summary, message } = error as { summary?: string; message?: string }
  return summary ?? message?.split('\n')[0] ?? String(error)
}
