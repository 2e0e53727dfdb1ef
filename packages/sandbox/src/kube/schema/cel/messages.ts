import type { ASTNode } from './library.ts'

type LibraryError = {
  code?: string
  summary?: string
  message: string
  cause?: unknown
  node?: ASTNode
  range?: { start: number }
}

const OPERATORS = new Set(['==', '!=', 'in', '+', '-', '*', '/', '%', '<', '<=', '>', '>='])

/** A mistake of an expression as cel-go reports it, with the line and a mark below the place. */
export function compileMessage(source: string, error: unknown): string {
  if (isStackOverflow(error)) return TOO_DEEP
  const { text, at } = explain(source, error as LibraryError)
  const before = source.slice(0, at)
  const line = before.split('\n').length
  const column = at - (before.lastIndexOf('\n') + 1)
  const shown = source.split('\n')[line - 1] ?? ''
  return `ERROR: <input>:${line}:${column + 1}: ${text}\n | ${shown}\n | ${'.'.repeat(column)}^`
}

/** cel-go stops at this depth; here, what the stack holds is taken. */
const TOO_DEEP = 'ERROR: <input>:-1:0: expression recursion limit exceeded: 250'

/** Whether the library, which walks expressions by recursion, came to the end of the stack. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError || (error as LibraryError).cause instanceof RangeError
}

function explain(source: string, error: LibraryError): { text: string; at: number } {
  const summary = error.summary ?? error.message
  const node = error.node
  const start = error.range?.start ?? 0
  switch (error.code) {
    case 'no_such_key':
      return {
        text: `undefined field '${summary.replace(/^No such key: /, '')}'`,
        at: accessOffset(source, node, start),
      }
    case 'unknown_variable':
      return {
        text: `undeclared reference to '${summary.replace(/^Unknown variable: /, '')}' (in container '')`,
        at: start,
      }
    case 'no_such_overload':
      return overload(source, node, summary, start)
    case 'no_matching_overload':
      return call(source, node, summary, start)
    case 'cannot_index_type':
      return {
        text: `type '${/'(.*)'/.exec(summary)?.[1] ?? 'dyn'}' does not support field selection`,
        at: accessOffset(source, node, start),
      }
    default:
      return syntax(source, summary, start)
  }
}

/** Where the dot of a field selection stands. */
function accessOffset(source: string, node: ASTNode | undefined, start: number): number {
  const left = Array.isArray(node?.args) ? (node.args[0] as ASTNode | undefined) : undefined
  const found = left?.end === undefined ? -1 : source.slice(left.end).search(/[.[]/)
  return left === undefined || found < 0 ? start : left.end + found
}

function overload(
  source: string,
  node: ASTNode | undefined,
  summary: string,
  start: number,
): { text: string; at: number } {
  const [, left = '', op = '', right = ''] =
    /^no such overload: (.+) (==|!=|in|<=|>=|[-+*/%<>]) (.+)$/.exec(summary) ?? []
  const operand = Array.isArray(node?.args) ? (node.args[0] as ASTNode) : undefined
  const at = operand?.end === undefined ? start : source.indexOf(op, operand.end)
  if (op !== '' && OPERATORS.has(op)) {
    const name = op === 'in' ? '@in' : `_${op}_`
    return { text: `found no matching overload for '${name}' applied to '(${typeName(left)}, ${typeName(right)})'`, at }
  }
  const [, unary = '!', type = ''] = /^no such overload: ([-!])(.+)$/.exec(summary) ?? []
  return { text: `found no matching overload for '${unary}_' applied to '(${typeName(type)})'`, at: start }
}

function call(source: string, node: ASTNode | undefined, summary: string, start: number): { text: string; at: number } {
  const [, receiver = '', name = '', args = ''] = /'(?:(.+)\.)?(\w+)\((.*)\)'$/.exec(summary) ?? []
  const shown = name.replace(/RE2$/, '')
  const target = node?.op === 'rcall' ? node.args[1].end : start
  const at = source.indexOf('(', source.indexOf(shown, target))
  const candidates =
    (node as { candidates?: { declarations: unknown[] } } | undefined)?.candidates?.declarations.length ?? 0
  if (candidates === 0) return { text: `undeclared reference to '${shown}' (in container '')`, at }
  const types = args === '' ? '' : args.split(', ').map(typeName).join(', ')
  const applied = receiver === '' ? `(${types})` : `${typeName(receiver)}.(${types})`
  return { text: `found no matching overload for '${shown}' applied to '${applied}'`, at }
}

/** Types in the words of cel-go. */
function typeName(name: string): string {
  return name
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replace('google.protobuf.Timestamp', 'timestamp')
    .replace('google.protobuf.Duration', 'duration')
}

const EXPECTING =
  "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

function syntax(source: string, summary: string, start: number): { text: string; at: number } {
  if (/Unexpected token: EOF/i.test(summary)) {
    return { text: `Syntax error: mismatched input '<EOF>' ${EXPECTING}`, at: source.length }
  }
  const token = /Unexpected (?:token|character):? '?([^']*)'?/i.exec(summary)?.[1]
  return { text: token === undefined ? summary : `Syntax error: mismatched input '${token}' ${EXPECTING}`, at: start }
}

/** Why an evaluation failed, in cel-go's words. */
export function evaluationMessage(error: unknown): string {
  const { code, summary, message } = error as LibraryError
  const text = summary ?? message
  switch (code) {
    case 'no_such_key':
      return text.replace(/^No such key/, 'no such key')
    case 'index_out_of_bounds':
      return `index out of bounds: ${/index (-?\d+)/.exec(text)?.[1] ?? ''}`
    case 'no_such_overload':
    case 'no_matching_overload':
    case 'field_type_mismatch':
    case 'list_item_type_mismatch':
    case 'invalid_logical_operand':
      return 'no such overload'
    case 'modulo_by_zero':
      return 'modulus by zero'
    case 'numeric_overflow':
      return 'integer overflow'
    default:
      return text.split('\n')[0] ?? text
  }
}
