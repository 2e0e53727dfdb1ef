import { isVariable } from '../cel/environment.ts'
import { quoted } from '../filters/refusal.ts'
import { dotted, type FieldPath, type Mistake } from '../kinds/kind.ts'
import type { GVK } from '../kinds/meta.ts'
import { MIGRATION_NAME_LENGTH, stageObjectName } from '../naming.ts'
import { isCopy, type StageTemplate } from './compile-stage.ts'
import { nodeAt, type TemplateNode } from './template.ts'

/** Where the Go broker deploys; a template that names it means no place of its own. */
const NAMESPACE_OF_OLD = 'default'
/** Longest name of an object of a kind, in characters: those of most become a label of what they make. */
const LONGEST_NAME = 63
const LONGEST_NAME_OF: ReadonlyMap<string, number> = new Map([
  ['ConfigMap.v1', 253],
  ['Secret.v1', 253],
])

/** `Job.v1.batch`, as flags name kinds. */
const kindText = ({ group, version, kind }: GVK): string => [kind, version, ...(group === '' ? [] : [group])].join('.')

/** What is wrong with a template besides its expressions: its key, its kind, its metadata. `kinds` may be deployed. */
export function templateMistakes({ key, path, root }: StageTemplate, kinds: readonly GVK[]): Mistake[] {
  if (root.kind !== 'map') return [{ path: dotted(path), message: 'it has to be an object' }]
  const type = typeOf(root, path)
  const ofKind = 'mistakes' in type ? type.mistakes : kindMistakes(type.gvk, path, kinds)
  const name = 'mistakes' in type ? undefined : kindText(type.gvk)
  return [...keyMistakes(key, path, name), ...ofKind, ...metadataMistakes(root, path)]
}

/** The kind of what a template deploys, or what is wrong with how it says so. */
export function typeOf(root: TemplateNode, path: FieldPath): { gvk: GVK } | { mistakes: Mistake[] } {
  const [apiVersion, kind] = [staticText(root, path, 'apiVersion'), staticText(root, path, 'kind')]
  const mistakes = [apiVersion, kind].flatMap((read) => ('mistake' in read ? [read.mistake] : []))
  if (!('text' in apiVersion) || !('text' in kind)) return { mistakes }
  const [, group = '', version] = /^(?:([a-z0-9.-]+)\/)?(v[a-z0-9]+)$/.exec(apiVersion.text) ?? []
  if (version !== undefined) return { gvk: { group, version, kind: kind.text } }
  const message = `${quoted(apiVersion.text)} is no apiVersion such as v1 or batch/v1`
  return { mistakes: [{ path: dotted([...path, 'apiVersion']), message }] }
}

function staticText(root: TemplateNode, path: FieldPath, field: string): { text: string } | { mistake: Mistake } {
  const node = nodeAt(root, [field])
  const refuse = (message: string) => ({ mistake: { path: dotted([...path, field]), message } })
  if (node === undefined) return refuse('it is missing')
  if (node.kind === 'expression' || node.kind === 'text') return refuse('it is static: no ${} in it')
  if (node.kind !== 'literal' || typeof node.value !== 'string' || node.value === '')
    return refuse('it has to be a text')
  return { text: node.value }
}

function kindMistakes(gvk: GVK, path: FieldPath, kinds: readonly GVK[]): Mistake[] {
  if (kinds.some((kind) => kindText(kind) === kindText(gvk))) return []
  const message = `stages may not deploy ${kindText(gvk)}, only ${kinds.map(kindText).join(', ')}`
  return [{ path: dotted([...path, 'kind']), message }]
}

function keyMistakes(key: string, path: FieldPath, kind: string | undefined): Mistake[] {
  const refuse = (message: string) => [{ path: dotted(path), message }]
  if (isCopy(key)) return refuse(`"${key}" is a copy in expressions, and no key`)
  if (!/^[a-z][a-z0-9]*$/.test(key))
    return refuse(
      `${quoted(key)} is no key: it ends a name and is a variable of CEL, so lower-case letters and digits, a letter first`,
    )
  if (!isVariable(key)) return refuse(`"${key}" is no key: it is a word of CEL`)
  const longest = LONGEST_NAME_OF.get(kind ?? '') ?? LONGEST_NAME
  const { length } = stageObjectName('m'.repeat(MIGRATION_NAME_LENGTH), key)
  if (length <= longest) return []
  return refuse(
    `the key is too long by ${length - longest}: with the Migration's the name has ${length} characters, not ${longest}`,
  )
}

function metadataMistakes(root: TemplateNode, path: FieldPath): Mistake[] {
  const metadata = nodeAt(root, ['metadata'])
  const at = [...path, 'metadata']
  if (metadata === undefined) return []
  if (metadata.kind !== 'map') return [{ path: dotted(at), message: 'it has to be an object' }]
  return [
    ...namespaceMistakes(nodeAt(metadata, ['namespace']), [...at, 'namespace']),
    ...['labels', 'annotations'].flatMap((field) => textMistakes(nodeAt(metadata, [field]), [...at, field])),
  ]
}

function namespaceMistakes(node: TemplateNode | undefined, path: FieldPath): Mistake[] {
  if (node === undefined || (node.kind === 'literal' && node.value === NAMESPACE_OF_OLD)) return []
  return [{ path: dotted(path), message: 'the broker says where objects of a stage are: leave it out' }]
}

function textMistakes(node: TemplateNode | undefined, path: FieldPath): Mistake[] {
  if (node === undefined) return []
  if (node.kind !== 'map') return [{ path: dotted(path), message: 'it has to be an object with texts for values' }]
  return [...node.fields].flatMap(([name, field]) => {
    if (isText(field)) return []
    const hint =
      field.kind === 'expression' ? `${field.program.source} gives ${field.program.type}` : 'put it in quotes'
    return [{ path: dotted([...path, name]), message: `the value has to be a text: ${hint}` }]
  })
}

function isText(node: TemplateNode): boolean {
  if (node.kind === 'literal') return typeof node.value === 'string'
  return node.kind === 'text' || (node.kind === 'expression' && ['string', 'dyn'].includes(node.program.type))
}
