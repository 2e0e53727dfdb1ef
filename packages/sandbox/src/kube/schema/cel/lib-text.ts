import { dns1035Errors, labelErrors, labelValueErrors, qualifiedNameErrors, subdomainErrors } from '../../name-rules.ts'
import { formatCheck } from '../formats.ts'
import { pattern } from '../patterns.ts'
import { formatText } from './format-text.ts'
import type { Environment } from './library.ts'
import { Optional } from './library.ts'

/** Our name for `matches`: the library's own uses a backtracking RegExp and cannot be replaced. */
export const LINEAR_MATCHES = 'matchesRE2'

/** A named format: `format.dns1123Label().validate(text)` answers what is wrong, or none. */
class NamedFormat {
  readonly name: string
  readonly mistakes: (text: string) => string[]
  constructor(name: string, mistakes: (text: string) => string[]) {
    this.name = name
    this.mistakes = mistakes
  }
}

class FormatNamespace {}

const checked = (format: string, mistake: string) => (text: string) => (formatCheck(format)?.(text) ? [] : [mistake])

const prefixOf = (validate: (text: string) => string[]) => (text: string) => validate(text.replace(/-$/, 'a'))

const FORMATS: readonly NamedFormat[] = [
  new NamedFormat('dns1123Label', labelErrors),
  new NamedFormat('dns1123Subdomain', subdomainErrors),
  new NamedFormat('dns1035Label', dns1035Errors),
  new NamedFormat('dns1123LabelPrefix', prefixOf(labelErrors)),
  new NamedFormat('dns1123SubdomainPrefix', prefixOf(subdomainErrors)),
  new NamedFormat('dns1035LabelPrefix', prefixOf(dns1035Errors)),
  new NamedFormat('qualifiedName', qualifiedNameErrors),
  new NamedFormat('labelValue', labelValueErrors),
  new NamedFormat('uri', checked('uri', 'invalid URI')),
  new NamedFormat('uuid', checked('uuid', 'does not match the UUID format')),
  new NamedFormat('byte', checked('byte', 'invalid base64')),
  new NamedFormat('date', checked('date', 'invalid date')),
  new NamedFormat('datetime', checked('datetime', 'invalid datetime')),
]

/** Regular expressions in linear time, the rest of the strings extension, and Kubernetes' named formats. */
export function registerText(environment: Environment): void {
  environment
    .registerType('kubernetes.NamedFormat', NamedFormat)
    .registerType('FormatNamespace', FormatNamespace)
    .registerConstant('format', 'FormatNamespace', new FormatNamespace())
    .registerFunction(`string.${LINEAR_MATCHES}(string): bool`, (text: string, source: string) =>
      compiled(source).test(text),
    )
    .registerFunction(
      'string.find(string): string',
      (text: string, source: string) => findAll(text, source, 1)[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, source: string) =>
      findAll(text, source, -1),
    )
    .registerFunction('string.findAll(string, int): list<string>', (text: string, source: string, limit: bigint) =>
      findAll(text, source, Number(limit)),
    )
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction('string.replace(string, string, int): string', replaceSome)
    .registerFunction('string.charAt(int): string', charAt)
    .registerFunction('string.reverse(): string', (text: string) => [...text].reverse().join(''))
    .registerFunction('string.format(list): string', formatText)
    .registerFunction('FormatNamespace.named(string): optional<kubernetes.NamedFormat>', (_: unknown, name: string) =>
      optional(FORMATS.find((format) => format.name === name)),
    )
    .registerFunction(
      'kubernetes.NamedFormat.validate(string): optional<list<string>>',
      (format: NamedFormat, text: string) => {
        const mistakes = format.mistakes(text)
        return optional(mistakes.length > 0 ? mistakes : undefined)
      },
    )
  for (const format of FORMATS) {
    environment.registerFunction(`FormatNamespace.${format.name}(): kubernetes.NamedFormat`, () => format)
  }
}

const optional = (value: unknown) => (value === undefined ? Optional.none() : Optional.of(value))

function compiled(source: string): ReturnType<typeof pattern> {
  try {
    return pattern(source)
  } catch (error) {
    throw new Error((error as Error).message)
  }
}

/** Up to `limit` matches, all where it is negative. */
function findAll(text: string, source: string, limit: number): string[] {
  const matcher = compiled(source).matcher(text)
  const found: string[] = []
  while (found.length !== limit && matcher.find()) found.push(matcher.group() ?? '')
  return found
}

function replaceSome(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return text.replaceAll(from, () => to)
  let left = Number(limit)
  return text.replaceAll(from, (match) => (left-- > 0 ? to : match))
}

function charAt(text: string, index: bigint): string {
  const characters = [...text]
  if (index < 0n || index > BigInt(characters.length)) throw new Error(`index out of range: ${index}`)
  return characters[Number(index)] ?? ''
}
