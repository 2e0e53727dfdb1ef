import type { ASTNode } from './library.ts'
import type { Program } from './rule.ts'
import type { CelType } from './types.ts'

const LOOPS = new Set(['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter', 'transformList', 'transformMap'])
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>='])
/** String functions that read their receiver, with the share of its length that they cost. */
const READS = new Set([
  ...[
    'contains',
    'startsWith',
    'endsWith',
    'matchesRE2',
    'find',
    'findAll',
    'replace',
    'split',
    'lowerAscii',
    'upperAscii',
  ],
  ...['trim', 'indexOf', 'lastIndexOf', 'substring', 'isSorted', 'sum', 'min', 'max'],
])
/** What a loop costs beside its body, for every element. */
const PER_ELEMENT = 3

type Scope = ReadonlyMap<string, CelType | undefined>
/** `size` in elements or bytes, where it is known. */
type Estimated = { cost: number; type: CelType | undefined; size: number }

/**
 * The most that an expression can cost, in kube-apiserver's units, from what the schema bounds. Results of functions
 * count as small: an expression that kube-apiserver takes is not refused here.
 */
export function celCostOf({ tree }: Program, self: CelType): number {
  return estimate(
    tree,
    new Map([
      ['self', self],
      ['oldSelf', self],
    ]),
  ).cost
}

function estimate(node: ASTNode, scope: Scope): Estimated {
  switch (node.op) {
    case 'value':
      return { cost: 0, type: undefined, size: typeof node.args === 'string' ? node.args.length : 0 }
    case 'id':
      return known(1, scope.get(node.args))
    case '.':
    case '.?':
      return access(node.args[0], node.args[1], scope)
    case '[]':
    case '[?]': {
      const [target, index] = [estimate(node.args[0], scope), estimate(node.args[1], scope)]
      return known(target.cost + index.cost + 1, target.type?.element)
    }
    case 'rcall':
      return method(node.args[0], node.args[1], node.args[2], scope)
    case 'call':
      return unknown(1 + sum(node.args[1], scope))
    default:
      return operator(node, scope)
  }
}

const unknown = (cost: number): Estimated => ({ cost, type: undefined, size: 0 })
const known = (cost: number, type: CelType | undefined): Estimated => ({ cost, type, size: type?.maxElements ?? 0 })
const sum = (nodes: readonly ASTNode[], scope: Scope): number =>
  nodes.reduce((total, one) => total + estimate(one, scope).cost, 0)

function access(target: ASTNode, field: string, scope: Scope): Estimated {
  const { cost, type } = estimate(target, scope)
  return known(cost + 1, type?.fields?.get(field) ?? type?.element)
}

function method(name: string, receiver: ASTNode, args: readonly ASTNode[], scope: Scope): Estimated {
  const target = estimate(receiver, scope)
  if (LOOPS.has(name)) {
    const variables = args.slice(0, -1).filter((arg) => arg.op === 'id')
    const element = target.type?.element
    const inner = new Map(scope)
    for (const [at, variable] of variables.entries()) {
      inner.set(
        variable.args as string,
        at === variables.length - 1 && target.type?.name.startsWith('list') ? element : undefined,
      )
    }
    const body = args.slice(variables.length).reduce((total, arg) => total + estimate(arg, inner).cost, 0)
    const result = name === 'filter' ? target.type : undefined
    return { ...known(target.cost + target.size * (body + PER_ELEMENT), result) }
  }
  const cost = target.cost + sum(args, scope) + (READS.has(name) ? Math.max(1, target.size * 0.1) : 1)
  return unknown(cost)
}

function operator(node: ASTNode, scope: Scope): Estimated {
  const children = childrenOf(node).map((child) => estimate(child, scope))
  const total = children.reduce((cost, child) => cost + child.cost, 0)
  if (COMPARISONS.has(node.op)) return unknown(total + Math.max(1, Math.min(...children.map(({ size }) => size)) * 0.1))
  if (node.op === 'in') return unknown(total + Math.max(1, children[1]?.size ?? 0))
  if (node.op === '?:') {
    const [condition, left, right] = children
    return unknown((condition?.cost ?? 0) + Math.max(left?.cost ?? 0, right?.cost ?? 0))
  }
  return unknown(total + (node.op === '&&' || node.op === '||' ? 0 : 1))
}

function childrenOf(node: ASTNode): ASTNode[] {
  return ([node.args].flat(3) as unknown[]).filter(
    (one): one is ASTNode => typeof one === 'object' && one !== null && 'op' in one,
  )
}
