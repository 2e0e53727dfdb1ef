type Entry = { manager?: string; operation?: string; subresource?: string }
type Managed = { metadata?: { managedFields?: Entry[] } }

const appliers = new WeakMap<object, ReadonlySet<string>>()

/** Takes metadata.managedFields, most of an object's bytes, off an object that was just read, and remembers who applied it. */
export function stripManagedFields<T>(object: T): T {
  const { metadata } = object as Managed
  if (metadata?.managedFields === undefined) return object
  const applied = metadata.managedFields.filter(({ operation, subresource }) => operation === 'Apply' && !subresource)
  appliers.set(object as object, new Set(applied.flatMap(({ manager }) => manager ?? [])))
  delete metadata.managedFields
  return object
}

/** Whether `manager` owns fields of this object, as it was read, by server-side apply. */
export function isAppliedBy(object: object, manager: string): boolean {
  return appliers.get(object)?.has(manager) ?? false
}
