import { stringifyJson } from '@resource-broker/json'
import type { FlagDescription } from '@resource-broker/service'
import { stringify } from 'yaml'
import type { Schema, Value, Values } from './values.ts'

const DRAFT = 'http://json-schema.org/draft-07/schema#'

/** values.yaml: each value under a comment that says what it is. */
export function valuesYaml(values: Values, depth = 0): string {
  const indent = '  '.repeat(depth)
  const lines = Object.entries(values).map(([name, value]) => {
    const comment = `${indent}# ${value.doc}\n`
    if ('group' in value) return `${comment}${indent}${name}:\n${valuesYaml(value.group, depth + 1)}`
    return comment + stringify({ [name]: value.default }).replace(/^(?=.)/gm, indent)
  })
  return lines.join('')
}

/** values.schema.json of a chart: nothing that the table does not name is taken. */
export function valuesSchema(values: Values, more: Schema = {}): string {
  const schema = { $schema: DRAFT, ...objectSchema(values) }
  return `${stringifyJson({ ...schema, properties: { ...schema.properties, ...more } }, 2)}\n`
}

/** The schema of an object that holds these values. */
export function objectSchema(values: Values) {
  const properties: Record<string, unknown> = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { description: value.doc, ...schemaOf(value) }]),
  )
  return { type: 'object', additionalProperties: false, properties }
}

function schemaOf(value: Value): Schema {
  return 'group' in value ? objectSchema(value.group) : value.schema
}

/** A table in Markdown with a row for each value. */
export function valuesTable(values: Values): string {
  const rows = valueRows(values, '')
  return ['| value | what it is | default |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function valueRows(values: Values, prefix: string): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = prefix + name
    if (!('group' in value)) return [`| \`${path}\` | ${cell(value.doc)} | \`${stringifyJson(value.default)}\` |`]
    return [`| \`${path}\` | ${cell(value.doc)} | |`, ...valueRows(value.group, `${path}.`)]
  })
}

/** A table in Markdown with a row for each flag; `as` says how it is called there. */
export function flagsTable(flags: readonly FlagDescription[], as: 'flag' | 'value'): string {
  const called = ({ key, name, value }: FlagDescription) =>
    as === 'value' ? `config.${key}` : `--${name}${value === '' ? '' : ` ${value}`}`
  const rows = flags.map((flag) => `| \`${cell(called(flag))}\` | ${cell(flag.description)} | ${flag.notes} |`)
  return [`| ${as} | what it is | |`, '| --- | --- | --- |', ...rows, ''].join('\n')
}

const cell = (text: string) => text.replaceAll('|', '\\|')
