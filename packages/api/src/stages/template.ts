import type { CelEnvironment } from '../cel/environment.ts'
import { compileCel, type Program } from '../cel/program.ts'
import { brief, quoted } from '../filters/refusal.ts'
import { dotted, type FieldPath, type Mistake } from '../kinds/kind.ts'
import { splitText } from './split-text.ts'

/** A value of a template, compiled. Paths are from the stage's root. */
export type TemplateNode =
  | { kind: 'literal'; value: unknown }
  /** A string that is one expression and nothing else: its value keeps its type. */
  | { kind: 'expression'; path: FieldPath; program: Program }
  | { kind: 'text'; path: FieldPath; parts: readonly (string | Program)[] }
  | { kind: 'list'; items: readonly TemplateNode[] }
  | { kind: 'map'; fields: ReadonlyMap<string, TemplateNode> }

const DEEPEST = 64
/** CEL's names for what can be part of a text, and for what can be a value of an object; `dyn` shows once it is evaluated. */
const TEXT = /^(dyn|string|int|uint|double|bool|google\.protobuf\.(Timestamp|Duration))$/
const VALUE = /^(?!optional|type)/

/** Compiles any value of a template. Mistakes go to `mistakes`, each with its path; what is wrong is left as it stands. */
export function compileNode(
  value: unknown,
  path: FieldPath,
  environment: CelEnvironment,
  mistakes: Mistake[],
): TemplateNode {
  if (typeof value === 'string') return compileText(value, path, environment, mistakes)
  if (typeof value !== 'object' || value === null) return { kind: 'literal', value }
  if (path.length > DEEPEST) {
    mistakes.push({ path: dotted(path.slice(0, 2)), message: `it is nested more than ${DEEPEST} deep` })
    return { kind: 'literal', value }
  }
  if (Array.isArray(value))
    return { kind: 'list', items: value.map((item, i) => compileNode(item, [...path, i], environment, mistakes)) }
  const entries = Object.entries(value).map(([key, item]) => {
    if (key.includes('${'))
      mistakes.push({
        path: dotted(path),
        message: `an expression stands for a value, and not in a name: ${quoted(key)}`,
      })
    return [key, compileNode(item, [...path, key], environment, mistakes)] as const
  })
  return { kind: 'map', fields: new Map(entries) }
}

function compileText(text: string, path: FieldPath, environment: CelEnvironment, mistakes: Mistake[]): TemplateNode {
  const refuse = (message: string): TemplateNode => {
    mistakes.push({ path: dotted(path), message })
    return { kind: 'literal', value: text }
  }
  const split = splitText(text)
  if ('mistake' in split) return refuse(split.mistake)
  if (split.every((part) => 'text' in part)) return { kind: 'literal', value: text }
  const parts: (string | Program)[] = []
  for (const part of split) {
    const compiled = 'text' in part ? part.text : compileCel(part.expression, environment, 'any')
    if (typeof compiled === 'string' || !('mistake' in compiled)) parts.push(compiled)
    else if ('expression' in part) return refuse(inText(compiled.mistake, part.expression, split.length > 1))
  }
  const [first] = parts
  const isWhole = parts.length === 1 && first !== undefined && typeof first !== 'string'
  const unfit = parts.find((part) => typeof part !== 'string' && !(isWhole ? VALUE : TEXT).test(part.type))
  if (unfit !== undefined && typeof unfit !== 'string')
    return refuse(`${unfit.source} gives ${unfit.type}, which cannot be ${isWhole ? 'in an object' : 'part of a text'}`)
  return isWhole ? { kind: 'expression', path, program: first } : { kind: 'text', path, parts }
}

/** A text may hold several expressions; and what looks like a variable of the environment was meant for a shell. */
function inText(mistake: string, expression: string, isPart: boolean): string {
  const [variable] = /^[A-Z_][A-Z0-9_]*/.exec(expression) ?? []
  const hint = variable === undefined ? '' : `; for a shell write $${variable}, or \${"\${${variable}}"}`
  return `${isPart ? `in \${${brief(expression)}}: ` : ''}${mistake}${hint}`
}

/** The node at a path below one, as far as the way there is written down; null counts as nothing, as it does for Kubernetes. */
export function nodeAt(node: TemplateNode, path: readonly string[]): TemplateNode | undefined {
  const [name, ...rest] = path
  if (name === undefined) return node.kind === 'literal' && node.value === null ? undefined : node
  const next = node.kind === 'map' ? node.fields.get(name) : undefined
  return next === undefined ? undefined : nodeAt(next, rest)
}
