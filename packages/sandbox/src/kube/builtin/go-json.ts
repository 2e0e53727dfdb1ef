const HTML: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** JSON as Go's encoding/json writes it, for messages that show a value. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, (character) => HTML[character]!)
}

/** Keys in Go's order, for messages of which kube-apiserver gives one per key of a map. */
export function sortedKeys(map: object | null | undefined): string[] {
  return Object.keys(map ?? {}).sort()
}
