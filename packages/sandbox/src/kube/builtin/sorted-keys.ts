/** Keys in Go's order, for messages of which kube-apiserver gives one per key of a map. */
export function sortedKeys(map: object | null | undefined): string[] {
  return Object.keys(map ?? {}).sort()
}
