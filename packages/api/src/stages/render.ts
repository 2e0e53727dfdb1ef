import type { CelFailure, Program } from '../cel/program.ts'
import { toJson, toText } from '../cel/to-json.ts'
import type { CelInput } from '../cel/values.ts'
import { dotted, type FieldPath } from '../kinds/kind.ts'
import { labels } from '../names.ts'
import { stageObjectName } from '../naming.ts'
import { isRecord } from '../records.ts'
import type { StageTemplate } from './compile-stage.ts'
import type { TemplateNode } from './template.ts'

/** Why a value of a template cannot be told; `path` is from the stage's root. */
type RenderFailure = CelFailure & { path: string }
type Rendered = { value: unknown } | { failures: RenderFailure[] }

/** On whose account an object is deployed. */
export type StageRun = { migration: string; stage: string }

/**
 * The object that a stage deploys, of what `input` shows: under the name that its Migration and key make, labelled with Migration and stage.
 * Every value that cannot be told is a failure; an object is whole or not at all.
 */
export function renderObject(template: StageTemplate, run: StageRun, input: CelInput): Rendered {
  const rendered = render(template.root, input)
  if ('failures' in rendered) return rendered
  const object = isRecord(rendered.value) ? rendered.value : {}
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {}
  const own = { [labels.migrationName]: run.migration, [labels.migrationStage]: run.stage }
  const name = stageObjectName(run.migration, template.key)
  const labelled = { ...(isRecord(metadata['labels']) ? metadata['labels'] : {}), ...own }
  return { value: { ...object, metadata: { ...metadata, name, labels: labelled } } }
}

function render(node: TemplateNode, input: CelInput): Rendered {
  switch (node.kind) {
    case 'literal':
      return { value: node.value }
    case 'expression':
      return evaluated(node.program, node.path, input, toJson)
    case 'text':
      return joined(node.parts.map((part) => textOf(part, node.path, input)))
    case 'list':
      return collected(node.items.map((item) => render(item, input)))
    case 'map': {
      const values = collected([...node.fields.values()].map((field) => render(field, input)))
      if ('failures' in values) return values
      return { value: Object.fromEntries([...node.fields.keys()].map((key, i) => [key, values.value[i]])) }
    }
  }
}

const textOf = (part: string | Program, path: FieldPath, input: CelInput): Rendered =>
  typeof part === 'string' ? { value: part } : evaluated(part, path, input, toText)

function joined(parts: readonly Rendered[]): Rendered {
  const texts = collected(parts)
  return 'failures' in texts ? texts : { value: texts.value.join('') }
}

function collected(parts: readonly Rendered[]): { value: unknown[] } | { failures: RenderFailure[] } {
  const failures = parts.flatMap((part) => ('failures' in part ? part.failures : []))
  if (failures.length > 0) return { failures }
  return { value: parts.map((part) => ('value' in part ? part.value : undefined)) }
}

function evaluated(program: Program, path: FieldPath, input: CelInput, convert: typeof toJson): Rendered {
  const result = program.evaluate(input)
  const failed = (failure: CelFailure): Rendered => ({ failures: [{ ...failure, path: dotted(path) }] })
  if ('error' in result) return failed(result)
  const converted = convert(result.value)
  return 'error' in converted ? failed({ kind: 'wrong', error: converted.error }) : converted
}
