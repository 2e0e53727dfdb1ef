/** One rejected field, as in the `causes` of a Status; `field` is a path such as `spec.ports[0].name`. */
export type FieldError = {
  type:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueNotFound'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'InternalError'
  field: string
  /** Without the field, as kube-apiserver gives it in a cause: `Invalid value: "x": must be ...`. */
  message: string
}

type StatusCause = { reason?: string; message: string; field?: string }

export type StatusDetails = {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

export type Status = {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: Record<string, never>
  status: 'Failure' | 'Success'
  message?: string
  reason?: string
  details?: StatusDetails
  code?: number
}

type ResourceName = { group: string; resource: string }

/** An answer other than success, in the words of k8s.io/apimachinery/pkg/api/errors. Thrown anywhere; the HTTP room writes it. */
export class StatusError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails | undefined

  constructor(code: number, reason: string, message: string, details?: StatusDetails, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StatusError'
    this.code = code
    this.reason = reason
    this.details = details
  }

  get status(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason !== '' && { reason: this.reason }),
      ...(this.details !== undefined && { details: this.details }),
      code: this.code,
    }
  }

  static badRequest(message: string): StatusError {
    return new StatusError(400, 'BadRequest', message)
  }

  static unauthorized(): StatusError {
    return new StatusError(401, 'Unauthorized', 'Unauthorized')
  }

  /** `why` stands behind the colon. */
  static forbidden({ group, resource }: ResourceName, name: string, why: string): StatusError {
    const subject = name === '' ? qualified(group, resource) : `${qualified(group, resource)} "${name}"`
    return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, detailsOf(group, resource, name))
  }

  /** `resource` is plural. */
  static notFound({ group, resource }: ResourceName, name: string): StatusError {
    const message = `${qualified(group, resource)} "${name}" not found`
    return new StatusError(404, 'NotFound', message, detailsOf(group, resource, name))
  }

  /** No handler for the path at all. */
  static noSuchPath(): StatusError {
    return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
  }

  static alreadyExists({ group, resource }: ResourceName, name: string): StatusError {
    const message = `${qualified(group, resource)} "${name}" already exists`
    return new StatusError(409, 'AlreadyExists', message, detailsOf(group, resource, name))
  }

  static conflict({ group, resource }: ResourceName, name: string, why: string): StatusError {
    const message = `Operation cannot be fulfilled on ${qualified(group, resource)} "${name}": ${why}`
    return new StatusError(409, 'Conflict', message, detailsOf(group, resource, name))
  }

  /** Someone else's change came first. */
  static stale(of: ResourceName, name: string): StatusError {
    return StatusError.conflict(
      of,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    )
  }

  /** `kind` as the API names it, for example `ConfigMap`. */
  static invalid(group: string, kind: string, name: string, errors: readonly FieldError[]): StatusError {
    const causes = errors.map(({ type, message, field }) => ({ reason: type, message, field }))
    const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))]
    const list = texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '')
    const message = `${group === '' ? kind : `${kind}.${group}`} "${name}" is invalid${list === '' ? '' : `: ${list}`}`
    return new StatusError(422, 'Invalid', message, { ...detailsOf(group, kind, name), causes })
  }

  static methodNotAllowed({ group, resource }: ResourceName, action: string): StatusError {
    const message = `${action} is not supported on resources of kind "${qualified(group, resource)}"`
    return new StatusError(405, 'MethodNotAllowed', message, detailsOf(group, resource, ''))
  }

  /** The revision that was asked for is no longer kept. */
  static expired(message: string): StatusError {
    return new StatusError(410, 'Expired', message)
  }

  static tooLarge(message: string): StatusError {
    return new StatusError(413, 'RequestEntityTooLarge', message)
  }

  static unsupportedMediaType(message: string): StatusError {
    return new StatusError(415, 'UnsupportedMediaType', message)
  }

  static notAcceptable(message: string): StatusError {
    return new StatusError(406, 'NotAcceptable', message)
  }

  static tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
    return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds })
  }

  static unavailable(message: string): StatusError {
    return new StatusError(503, 'ServiceUnavailable', message)
  }

  /** Names no internals; the cause is for the log. */
  static internal(cause: unknown): StatusError {
    const message = cause instanceof Error ? cause.message : String(cause)
    return new StatusError(
      500,
      'InternalError',
      `Internal error occurred: ${message}`,
      { causes: [{ message }] },
      { cause },
    )
  }
}

function qualified(group: string, resource: string): string {
  return group === '' ? resource : `${resource}.${group}`
}

function detailsOf(group: string, kind: string, name: string): StatusDetails {
  return { ...(name !== '' && { name }), ...(group !== '' && { group }), ...(kind !== '' && { kind }) }
}
