import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import { compilePattern, LONGEST_SUBJECT, type Pattern } from '../filters/pattern.ts'

/** What expressions may name, and how long they may be. Made once for all expressions of a place. */
export type CelEnvironment = {
  /** Each stands for an object. */
  variables: readonly string[]
  /** Longest expression, in characters. */
  longest: number
  library: Environment
}

/** Our name for `matches` inside the environment: the library's own uses a backtracking RegExp and cannot be replaced. */
export const LINEAR_MATCHES = 'matchesRE2'

const basis = new Environment({
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false, // as cel-go has it unless told otherwise, and with it the Go broker
  limits: { maxAstNodes: 256, maxDepth: 32, maxListElements: 256 },
}).registerFunction(`string.${LINEAR_MATCHES}(string): bool`, (text: string, pattern: string) => {
  if (text.length > LONGEST_SUBJECT) throw new Error(`matches() takes a text of at most ${LONGEST_SUBJECT} characters`)
  return patternOf(pattern).test(text)
})

/** An environment of these variables. @throws where one of them cannot be one: `isVariable` tells. */
export function celEnvironment(variables: readonly string[], longest: number): CelEnvironment {
  const library = basis.clone()
  for (const name of variables) library.registerVariable(name, 'map')
  return { variables, longest, library }
}

/** Whether an expression can name a variable so: an identifier that is no word of the language and no type. */
export function isVariable(name: string): boolean {
  try {
    const { ast } = celEnvironment([name], name.length).library.parse(name)
    return ast.op === 'id' && ast.args === name
  } catch {
    return false // the library has no other way of asking
  }
}

/** Renames every call of matches in the tree to ours, and compiles its pattern. @throws where that is no literal, or no pattern. */
export function useLinearMatches(node: ASTNode): void {
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
