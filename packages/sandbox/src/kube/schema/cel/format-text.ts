/** `'%s is %d'.format([...])` of the strings extension: s, d, f, e, b, o, x, X and %%. */
export function formatText(template: string, args: readonly unknown[]): string {
  let next = 0
  return template.replace(/%(?:\.(\d+))?([a-zA-Z%])/g, (_, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (next >= args.length) throw new Error(`index ${next} out of range`)
    return formatOne(verb, args[next++], precision === undefined ? 6 : Number(precision))
  })
}

function formatOne(verb: string, value: unknown, precision: number): string {
  switch (verb) {
    case 's':
      return celText(value)
    case 'd':
      if (typeof value === 'bigint') return String(value)
      throw new Error(`error during formatting: decimal clause can only be used on integers`)
    case 'f':
      return Number(value).toFixed(precision)
    case 'e':
      return Number(value)
        .toExponential(precision)
        .replace(/e([+-])(\d)$/, 'e$10$2')
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : BigInt(value as bigint).toString(2)
    case 'o':
      return BigInt(value as bigint).toString(8)
    case 'x':
    case 'X': {
      const text = typeof value === 'string' ? Buffer.from(value).toString('hex') : BigInt(value as bigint).toString(16)
      return verb === 'X' ? text.toUpperCase() : text
    }
    default:
      throw new Error(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
  }
}

/** A value as `string()` and `%s` show it. */
function celText(value: unknown): string {
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (Array.isArray(value)) return `[${value.map(celText).join(', ')}]`
  if (value instanceof Map) {
    return `{${[...value]
      .map(([key, entry]) => `${celText(key)}: ${celText(entry)}`)
      .sort()
      .join(', ')}}`
  }
  return String(value)
}
