import type { ASTNode } from '@marcbachmann/cel-js'
import { LINEAR_MATCHES } from '../cel/environment.ts'
import { parseQuantity } from '../quantity.ts'
import type { Path } from './path.ts'
import { compilePattern } from './pattern.ts'
import { type Lookup, patternLookup, scalarText } from './rules.ts'

/** What an expression asks of the field at a path below spec. */
export type CelLookup = { path: Path; lookup: Lookup }
type Scalar = string | number | bigint | boolean

const MIRRORED: Record<string, string> = { '==': '==', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/**
 * What an expression's tree says of single fields of spec, so that offers are found by it: its comparisons with literals
 * that are joined by nothing but `&&`. Each of them is necessary for the whole to be true; others are left out.
 */
export function lookupsOf(node: ASTNode): CelLookup[] {
  switch (node.op) {
    case '&&':
      return node.args.flatMap(lookupsOf)
    case 'in':
      return membership(node.args[0], node.args[1])
    case 'rcall':
      return call(...node.args)
    default:
      return node.op in MIRRORED ? comparison(node.op, ...(node.args as [ASTNode, ASTNode])) : []
  }
}

/** The texts that the field at a path below spec is compared with. */
export type LeadingTexts = { path: Path; texts: readonly string[]; isWhole: boolean }

/**
 * What an expression compares first, with nothing but `&&` behind it, where that is a field with texts: of an object that has another text
 * there the whole is false, whatever else it says. `isWhole`: it says nothing else.
 */
export function leadingTexts(node: ASTNode): LeadingTexts | undefined {
  if (node.op === '&&') {
    const leading = leadingTexts(node.args[0])
    return leading && { ...leading, isWhole: false }
  }
  if (node.op !== '==' && node.op !== 'in') return undefined
  const [left, right] = node.args as [ASTNode, ASTNode]
  const path = pathOf(left) ?? pathOf(right)
  const literals = right.op === 'list' ? right.args.map(literalOf) : [literalOf(left) ?? literalOf(right)]
  const texts = literals.filter((literal) => typeof literal === 'string')
  const isOther = path === undefined || texts.length < literals.length || (node.op === 'in') !== (right.op === 'list')
  return isOther ? undefined : { path, texts, isWhole: true }
}

function comparison(op: string, left: ASTNode, right: ASTNode): CelLookup[] {
  const [path, literal] = [pathOf(left), literalOf(right)]
  if (path !== undefined && literal !== undefined) return found(path, comparisonLookup(op, literal))
  const [mirroredPath, mirroredLiteral] = [pathOf(right), literalOf(left)]
  if (mirroredPath === undefined || mirroredLiteral === undefined) return []
  return found(mirroredPath, comparisonLookup(MIRRORED[op] ?? op, mirroredLiteral))
}

function comparisonLookup(op: string, literal: Scalar): Lookup | undefined {
  if (op === '==' && !isCoarse(literal)) return { by: 'value', texts: [scalarText(literal) ?? ''] }
  if (typeof literal !== 'number' && typeof literal !== 'bigint') return undefined
  const bound = parseQuantity(literal)
  if (op === '==') return { by: 'range', min: bound, max: bound }
  return op.startsWith('<') ? { by: 'range', min: undefined, max: bound } : { by: 'range', min: bound, max: undefined }
}

/** A double that equals an integer whose text is another: 2^62 is written 4611686018427388000. */
const isCoarse = (literal: Scalar): boolean =>
  typeof literal === 'number' && Math.abs(literal) > Number.MAX_SAFE_INTEGER

function membership(item: ASTNode, list: ASTNode): CelLookup[] {
  const path = pathOf(item)
  if (path === undefined || list.op !== 'list') return []
  const literals = list.args.map(literalOf)
  if (!literals.every((literal) => literal !== undefined && !isCoarse(literal))) return []
  return found(path, { by: 'value', texts: [...new Set(literals.map((literal) => scalarText(literal) ?? ''))] })
}

function call(name: string, receiver: ASTNode, args: ASTNode[]): CelLookup[] {
  const [path, text] = [pathOf(receiver), args[0] === undefined ? undefined : literalOf(args[0])]
  if (path === undefined || typeof text !== 'string' || text === '') return []
  if (name === 'startsWith') return found(path, { by: 'prefix', text })
  if (name === 'endsWith') return found(path, { by: 'suffix', text })
  if (name === 'contains') return found(path, { by: 'part', texts: [text] })
  if (name !== LINEAR_MATCHES) return []
  const pattern = compilePattern(text)
  return 'mistake' in pattern ? [] : found(path, patternLookup(pattern))
}

const found = (path: Path, lookup: Lookup | undefined): CelLookup[] => (lookup === undefined ? [] : [{ path, lookup }])

/** The path below spec of `object.spec.a.b`. */
function pathOf(node: ASTNode): Path | undefined {
  const parts: string[] = []
  let at = node
  while (at.op === '.') {
    parts.unshift(at.args[1])
    at = at.args[0]
  }
  const [spec, ...path] = parts
  return at.op === 'id' && at.args === 'object' && spec === 'spec' && path.length > 0 ? path : undefined
}

function literalOf(node: ASTNode): Scalar | undefined {
  if (node.op !== 'value') return undefined
  const { args } = node
  const known =
    typeof args === 'string' || typeof args === 'number' || typeof args === 'bigint' || typeof args === 'boolean'
  return known ? args : undefined
}
