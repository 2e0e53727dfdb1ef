import { parseArgs } from 'node:util'
import { z } from 'zod'
import { clusterFlags, sharedFlags } from './flags.ts'
import { nearest } from './nearest.ts'

/** A service's configuration as one zod object: each key is a flag (`watchKind` is `--watch-kind`). */
export type ConfigSchema<C = unknown> = z.ZodObject<z.core.$ZodLooseShape> & z.ZodType<C>

/** What the command line and the environment say: the configurations, one per schema, a help text, or what is wrong. */
export type ParsedConfig<C> =
  | { outcome: 'ok'; configs: C[] }
  | { outcome: 'help' }
  | { outcome: 'mistakes'; lines: string[] }

/** What documentation says of a flag: `value` is what stands for its value, empty for a switch; `notes` tell list, default and need. */
export type FlagDescription = {
  /** In a configuration: `watchKind`. */
  key: string
  /** On the command line, without dashes: `watch-kind`. */
  name: string
  /** In the environment. */
  env: string
  value: string
  description: string
  notes: string
  schema: z.ZodType
}

type Flag = { key: string; name: string; env: string; shape: 'switch' | 'list' | 'number' | 'text'; schema: z.ZodType }
type Raw = { values: Record<string, unknown>; fromEnv: Set<string>; mistakes: string[]; help: boolean }

const envPrefix = 'RESOURCE_BROKER_'

/**
 * Reads flags, then `RESOURCE_BROKER_<FLAG>` for flags not given, and checks them against every schema. A flag that
 * several schemas have is one flag. All mistakes are reported, one plain line each.
 */
export function parseConfig<C>(
  schemas: readonly ConfigSchema<C>[],
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedConfig<C> {
  const flags = flagsOf(schemas)
  const raw = readRaw(flags, argv, env)
  if (raw.help) return { outcome: 'help' }
  const lines = new Set(raw.mistakes)
  const configs: C[] = []
  for (const schema of schemas) {
    const result = schema.safeParse(raw.values)
    if (result.success) configs.push(result.data)
    else for (const issue of result.error.issues) lines.add(mistake(issue, flags, raw))
  }
  return lines.size > 0 ? { outcome: 'mistakes', lines: [...lines] } : { outcome: 'ok', configs }
}

/** The text of `--help`, made from the descriptions, values and defaults in the schemas. */
export function helpText(name: string, summary: string, schemas: readonly ConfigSchema[]): string {
  const flags = flagsOf(schemas)
  const sections: [string, (flag: Flag) => boolean][] = [
    [`Flags of ${name}`, ({ key }) => !(key in clusterFlags) && !(key in sharedFlags)],
    ['Clusters', ({ key }) => key in clusterFlags],
    ['Shared by all services', ({ key }) => key in sharedFlags],
  ]
  const text = [`${name}: ${summary}`, '']
  for (const [title, belongs] of sections) {
    const members = flags.filter(belongs)
    if (members.length > 0) text.push(`${title}:`, ...members.flatMap(describe), '')
  }
  text.push('-h, --help shows this text. Each flag may come from the environment instead: --watch-kind is')
  text.push(`${envPrefix}WATCH_KIND. Lists are given by repeating a flag or with commas.`, '')
  return text.join('\n')
}

/** The flags that a service takes, in the order of its schema. */
export function describeFlags(schema: ConfigSchema): FlagDescription[] {
  return flagsOf([schema]).map(describeFlag)
}

function flagsOf(schemas: readonly ConfigSchema[]): Flag[] {
  const byKey = new Map<string, Flag>()
  for (const schema of schemas) {
    for (const [key, value] of Object.entries(schema.shape)) {
      const field = value as z.ZodType
      const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      const env = envPrefix + name.replaceAll('-', '_').toUpperCase()
      byKey.set(key, { key, name, env, shape: shapeOf(field), schema: field })
    }
  }
  return [...byKey.values()]
}

/** The schema and what it wraps, outermost first. */
function* layers(schema: z.ZodType): Generator<z.ZodType> {
  yield schema
  const definition = schema.def as { innerType?: z.ZodType; in?: z.ZodType }
  const inner = definition.innerType ?? definition.in
  if (inner !== undefined) yield* layers(inner)
}

function shapeOf(schema: z.ZodType): Flag['shape'] {
  const core = [...layers(schema)].at(-1)
  if (core instanceof z.ZodBoolean) return 'switch'
  if (core instanceof z.ZodArray) return 'list'
  return core instanceof z.ZodNumber ? 'number' : 'text'
}

function readRaw(flags: readonly Flag[], argv: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const raw: Raw = { values: {}, fromEnv: new Set(), mistakes: [], help: false }
  const given = readArguments(flags, argv, raw)
  for (const flag of flags) {
    const fromFlag = given.get(flag.key)
    const fromEnv = env[flag.env]
    const texts = fromFlag ?? (fromEnv === undefined || fromEnv === '' ? [] : [fromEnv])
    if (texts.length === 0) continue
    if (fromFlag === undefined) raw.fromEnv.add(flag.key)
    if (flag.shape !== 'list' && texts.length > 1) raw.mistakes.push(`--${flag.name}: given ${texts.length} times`)
    raw.values[flag.key] = toValue(flag, texts)
  }
  return raw
}

function readArguments(flags: readonly Flag[], argv: readonly string[], raw: Raw): Map<string, string[]> {
  const byName = new Map(flags.map((flag) => [flag.name, flag]))
  const options = Object.fromEntries(
    flags.map(({ name, shape }) => [name, { type: shape === 'switch' ? 'boolean' : 'string' } as const]),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const given = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') raw.mistakes.push(`unexpected argument "${token.value}"`)
    if (token.kind !== 'option') continue
    const flag = byName.get(token.name)
    if (token.rawName === '-h' || token.rawName === '--help') raw.help = true
    else if (flag === undefined || !token.rawName.startsWith('--')) {
      raw.mistakes.push(unknownFlag(token.rawName, [...byName.keys()]))
    } else {
      const value = token.value ?? (flag.shape === 'switch' ? 'true' : '')
      const swallowedFlag = token.inlineValue === false && value.startsWith('--')
      if (value === '' || swallowedFlag) raw.mistakes.push(`--${flag.name}: needs a value`)
      else given.set(flag.key, [...(given.get(flag.key) ?? []), value])
    }
  }
  return given
}

function unknownFlag(rawName: string, names: readonly string[]): string {
  const guess = nearest(rawName.replace(/^-+/, ''), names)
  return `${rawName}: no such flag${guess === undefined ? '; --help lists them' : `; did you mean --${guess}?`}`
}

function toValue({ shape }: Flag, texts: readonly string[]): unknown {
  const [text = ''] = texts
  if (shape === 'list') return texts.flatMap((part) => part.split(',').map((item) => item.trim())).filter(Boolean)
  if (shape === 'number') return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
  if (shape === 'switch') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

/** One line: the flag, where the value came from unless from the flag itself, and what is wrong. */
function mistake(issue: z.core.$ZodIssue, flags: readonly Flag[], raw: Raw): string {
  const [key, ...rest] = issue.path
  const flag = flags.find((candidate) => candidate.key === key)
  if (flag === undefined) return issue.message
  const value = raw.values[flag.key]
  if (value === undefined && issue.code !== 'custom') return `--${flag.name}: is required (or ${flag.env})`
  const source = raw.fromEnv.has(flag.key) ? ` (from ${flag.env})` : ''
  const got = typeof rest[0] === 'number' && Array.isArray(value) ? value[rest[0]] : value
  return `--${flag.name}${source}: ${problem(issue, got)}`
}

function problem(issue: z.core.$ZodIssue, got: unknown): string {
  const shown = typeof got === 'string' ? `"${got}"` : String(got)
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}, got ${shown}`
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}, got ${shown}`
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}, got ${shown}`
  if (issue.code !== 'invalid_type') return issue.message
  const words: Record<string, string> = { int: 'a whole number', number: 'a number', boolean: 'true or false' }
  return `must be ${words[issue.expected] ?? `a ${issue.expected}`}, got ${shown}`
}

function describe(flag: Flag): string[] {
  const { name, value, description, notes } = describeFlag(flag)
  const shown = value === '' ? '' : ` ${value}`
  return [`  --${name}${shown}`, `      ${description}${notes === '' ? '' : ` (${notes})`}`]
}

function describeFlag(flag: Flag): FlagDescription {
  const { key, name, env, shape, schema } = flag
  const all = [...layers(schema)]
  const described = all.map((layer) => layer.meta()).find((meta) => meta?.description)
  const value = shape === 'switch' ? '' : String(choices(all.at(-1)) ?? described?.['value'] ?? 'VALUE')
  const notes = [shape === 'list' ? 'list' : '', defaultOf(flag)].filter(Boolean).join(', ')
  return { key, name, env, value, description: described?.description ?? '', notes, schema }
}

function choices(schema: z.ZodType | undefined): string | undefined {
  if (schema instanceof z.ZodNumber) return 'N'
  return schema instanceof z.ZodEnum ? schema.options.join('|') : undefined
}

function defaultOf({ schema, shape }: Flag): string {
  for (const layer of layers(schema)) {
    if (layer instanceof z.ZodOptional) return ''
    if (!(layer instanceof z.ZodDefault) && !(layer instanceof z.ZodPrefault)) continue
    const value = layer.def.defaultValue
    return Array.isArray(value) && value.length === 0 ? '' : shape === 'switch' ? '' : `default ${value}`
  }
  return 'required'
}
