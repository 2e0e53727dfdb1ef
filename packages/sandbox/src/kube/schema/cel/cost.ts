import type { ASTNode } from './library.ts'

/** Cost units that one evaluation may take, and all evaluations for one object together; as in kube-apiserver. */
const CALL_LIMIT = 1_000_000
export const OBJECT_BUDGET = 10_000_000

/** Thrown when an evaluation has taken more than it may; the message is kube-apiserver's. */
export class CostExceeded extends Error {
  override readonly name = 'CostExceeded'

  constructor() {
    super('operation cancelled: actual cost limit exceeded')
  }
}

/** Counts what an evaluation does while it runs. */
export class Meter {
  spent = 0

  charge(units: number): void {
    this.spent += units
    if (this.spent > CALL_LIMIT) throw new CostExceeded()
  }
}

type Evaluate = (evaluator: unknown, node: ASTNode, scope: unknown) => unknown
/** What the library keeps beside a node; it declares none of it. */
type Inner = ASTNode & {
  meta: { evaluate: Evaluate; alternate?: ASTNode; macro?: object }
  setMeta: (key: string, value: unknown) => void
}

const isNode = (value: unknown): value is Inner =>
  typeof value === 'object' && value !== null && 'op' in value && 'setMeta' in value

/**
 * Makes every node below a checked tree charge one unit when it runs, and for what it yields: a tenth of its length.
 * There is no bound in the library itself.
 */
export function meterTree(root: ASTNode, meter: Meter): void {
  const seen = new Set<unknown>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (isNode(value)) {
      visit(value.args)
      visit(value.meta.alternate)
      visit(value.meta.macro)
      if (value.meta.alternate === undefined && value.meta.macro === undefined) meterNode(value, meter)
    } else if (Array.isArray(value)) value.forEach(visit)
    else if (value.constructor === Object) Object.values(value).forEach(visit)
  }
  visit(root)
}

function meterNode(node: Inner, meter: Meter): void {
  const { evaluate } = node.meta
  node.setMeta('evaluate', (evaluator: unknown, at: ASTNode, scope: unknown) => {
    meter.charge(1)
    const result = evaluate(evaluator, at, scope)
    if (typeof result === 'string' && result.length > 10) meter.charge(result.length / 10)
    else if (Array.isArray(result) && result.length > 10 && node.op !== 'id') meter.charge(result.length / 10)
    return result
  })
}
