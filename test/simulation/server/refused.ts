import type { ApiAnswer } from './api-server.ts'
import type { StoredObject } from './objects.ts'

/** What a server answers instead of doing what it was asked for; `fields` are those that are not valid. */
export class Refused extends Error {
  readonly answer: ApiAnswer

  constructor(code: number, reason: string, message: string, ...fields: string[]) {
    super(message)
    const causes = fields.map((field) => ({ field, message, reason: 'FieldValueInvalid' }))
    const details = fields.length === 0 ? {} : { details: { causes } }
    this.answer = { status: code, body: { kind: 'Status', status: 'Failure', code, reason, message, ...details } }
  }
}

/** @throws {Refused} for what no update changes. `uid`: that the update says, if it does. */
export function refuseChanges(old: StoredObject, wanted: StoredObject, uid: string | undefined): void {
  const known = new Set(old.metadata.finalizers ?? [])
  const isLeaving = old.metadata.deletionTimestamp !== undefined
  const isNew = isLeaving && (wanted.metadata.finalizers ?? []).some((name) => !known.has(name))
  const isOther = uid !== undefined && uid !== old.metadata.uid
  const fields = [...(isNew ? ['metadata.finalizers'] : []), ...(isOther ? ['metadata.uid'] : [])]
  if (fields.length > 0) throw new Refused(422, 'Invalid', 'these cannot change so', ...fields)
}
