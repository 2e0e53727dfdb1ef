import type { ASTNode } from '@marcbachmann/cel-js'

/** Deepest nesting of all, exists, exists_one, map and filter. */
const DEEPEST = 2
/** Steps that one evaluation may take at most; some 50 ns to 100 ns each. */
export const BUDGET = 50_000
/** Characters that one step of a string or equality operation gets through. */
const CHARACTERS_PER_STEP = 64

/** How large what an expression looks at is: in characters, and in items of its longest list or map. */
export type InputSize = { characters: number; longest: number }

/** Upper bound of the steps that an evaluation takes, before it is made. */
export type Cost = (input: InputSize) => number

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const FUNCTIONS = new Set([
  'has',
  'size',
  'int',
  'uint',
  'double',
  'string',
  'bool',
  'dyn',
  'type',
  'timestamp',
  'duration',
])
const METHODS = new Set([
  ...LOOPS,
  ...[
    'size',
    'contains',
    'startsWith',
    'endsWith',
    'matches',
    'lowerAscii',
    'upperAscii',
    'trim',
    'indexOf',
    'lastIndexOf',
  ],
  ...[
    'substring',
    'orValue',
    'hasValue',
    'getFullYear',
    'getMonth',
    'getDate',
    'getDayOfMonth',
    'getDayOfWeek',
    'getDayOfYear',
  ],
  ...['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'],
])
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>='])

/** An expression that is refused before it ever runs; `message` is for its author. */
class TooCostly extends Error {
  readonly code = 'cel_refused'
}

type Tally = { constant: number[]; linear: number[]; growth: number; literal: number }

/**
 * Bounds what an expression can cost, from its tree alone. A node below d loops runs at most longest^d times. What can
 * make a value larger than the input (+, and literals built from other values) multiplies `growth`, since map hands
 * results on. Throws TooCostly for a function that is not known to be cheap, and for loops nested deeper than two.
 */
export function costOf(root: ASTNode): Cost {
  const tally: Tally = { constant: [], linear: [], growth: 1, literal: 1 }
  count(root, 0, tally)
  return ({ characters, longest }) => {
    const items = Math.max(longest, tally.literal) * tally.growth
    const perLinear = 1 + (characters * tally.growth) / CHARACTERS_PER_STEP
    const at = (depth: number) => (tally.constant[depth] ?? 0) + (tally.linear[depth] ?? 0) * perLinear
    return at(0) + at(1) * items + at(2) * items ** 2
  }
}

function count(node: ASTNode, depth: number, tally: Tally): void {
  if (depth > DEEPEST) throw new TooCostly(`all, exists, map and filter may be nested ${DEEPEST} deep, not deeper`)
  const kind = isLinear(node) ? tally.linear : tally.constant
  kind[depth] = (kind[depth] ?? 0) + 1
  if (node.op === '+') tally.growth *= 2
  if (node.op === 'list' || node.op === 'map') {
    tally.literal = Math.max(tally.literal, node.args.length)
    if (!(node.args as unknown[]).flat().every((item) => isLiteral(item as ASTNode)))
      tally.growth *= Math.max(2, node.args.length)
  }
  const [inside, looped] = childrenOf(node)
  for (const child of inside) count(child, depth, tally)
  for (const child of looped) count(child, depth + 1, tally)
}

/** Children that run once when the node does, and children that run once per item. */
function childrenOf(node: ASTNode): [ASTNode[], ASTNode[]] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [[], []]
    case '.':
    case '.?':
      return [[node.args[0]], []]
    case '!_':
    case '-_':
      return [[node.args], []]
    case 'map':
      return [node.args.flat(), []]
    case 'call':
      return [known(FUNCTIONS, node.args[0], node.args[1]), []]
    case 'rcall': {
      const [name, receiver, args] = node.args
      known(METHODS, name, args)
      return LOOPS.has(name) ? [[receiver], args.slice(1)] : [[receiver, ...args], []]
    }
    default:
      return [[...node.args], []]
  }
}

function known(names: Set<string>, name: string, args: ASTNode[]): ASTNode[] {
  if (!names.has(name)) throw new TooCostly(`${name}() is not available here`)
  return args
}

const isLiteral = (node: ASTNode | undefined): boolean => node?.op === 'value'

/** Whether a node's time grows with its values: a comparison with a literal does not, one of two fields does. */
function isLinear(node: ASTNode): boolean {
  if (COMPARISONS.has(node.op)) return !(node.args as ASTNode[]).some(isLiteral)
  if (node.op === 'in') return !(node.args[1].op === 'list' && node.args[1].args.every(isLiteral))
  if (node.op === '+' || node.op === 'call') return true
  return (
    node.op === 'rcall' && !LOOPS.has(node.args[0]) && !['startsWith', 'endsWith', 'orValue'].includes(node.args[0])
  )
}
