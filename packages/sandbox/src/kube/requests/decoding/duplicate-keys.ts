import { parseJson } from '@resource-broker/json'

type Frame = { path: string; keys: Set<string> | undefined; index: number; expectsKey: boolean }

/**
 * Paths of the keys that a JSON text has twice in one object, in the order of the text. The text has to be valid JSON; only
 * called for one that is known to repeat keys.
 */
export function duplicateKeys(text: string): string[] {
  const duplicates: string[] = []
  const frames: Frame[] = []
  let path = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    const top = frames.at(-1)
    if (character === '"') {
      const end = endOfString(text, at)
      if (top?.keys !== undefined && top.expectsKey) {
        const key = parseJson(text.slice(at, end + 1)) as string
        path = top.path === '' ? key : `${top.path}.${key}`
        if (top.keys.has(key)) duplicates.push(path)
        top.keys.add(key)
        top.expectsKey = false
      }
      at = end
    } else if (character === '{' || character === '[') {
      const at = top !== undefined && top.keys === undefined ? `${top.path}[${top.index}]` : path
      const isObject = character === '{'
      frames.push({ path: at, keys: isObject ? new Set() : undefined, index: 0, expectsKey: isObject })
    } else if (character === '}' || character === ']') frames.pop()
    else if (character === ',' && top !== undefined) {
      top.index++
      top.expectsKey = true
    }
  }
  return [...new Set(duplicates)]
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}
