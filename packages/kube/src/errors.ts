/** The `Status` that an API server answers a failed request with (meta/v1). */
export type Status = {
  message?: string
  reason?: string
  code?: number
  details?: { retryAfterSeconds?: number; causes?: { field?: string; message?: string; reason?: string }[] }
}

/** An API server's refusal. `status` is the HTTP status, `reason` the machine-readable word of Kubernetes, such as `NotFound`. */
export class KubeError extends Error {
  override readonly name = 'KubeError'
  readonly code = 'Kube'
  readonly status: number
  readonly reason: string
  readonly details: Status['details']
  /** Seconds until the server wants to be asked again. */
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, body: Status, retryAfterSeconds?: number) {
    super(body.message ?? `HTTP ${status}`)
    this.status = status
    this.reason = body.reason ?? ''
    this.details = body.details
    this.retryAfterSeconds = retryAfterSeconds ?? body.details?.retryAfterSeconds
  }
}

/** No answer: the connection failed, broke or timed out. The message names method, server and path, never a header. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly code = 'KubeConnection'
}

/** No credentials for the request: the token file or the exec plugin failed. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
  readonly code = 'KubeCredentials'
}

/** A create-only apply found the object there. */
export class AlreadyExistsError extends Error {
  override readonly name = 'AlreadyExistsError'
  readonly code = 'KubeAlreadyExists'
}

/** A kubeconfig that cannot be used; the message says which file and what is wrong. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError'
  readonly code = 'Kubeconfig'
}

const is =
  (status: number, reason?: string) =>
  (error: unknown): error is KubeError =>
    error instanceof KubeError && error.status === status && (reason === undefined || error.reason === reason)

const names = (error: KubeError, field: string) => (error.details?.causes ?? []).some((cause) => cause.field === field)

export const isNotFound = is(404)
export const isForbidden = is(403)
export const isInvalid = is(422)

/**
 * The object is not the one that was meant: another version (409), another uid or gone (409), or another uid in an apply, which
 * kube-apiserver refuses as a change of an immutable field (422).
 */
export function isConflict(error: unknown): error is KubeError {
  if (!(error instanceof KubeError)) return false
  if (error.status === 409) return error.reason !== 'AlreadyExists'
  return error.status === 422 && names(error, 'metadata.uid')
}

/** Another field manager owns a field of an apply that was not forced. */
export function isFieldConflict(error: unknown): error is KubeError {
  return is(409)(error) && (error.details?.causes ?? []).some(({ reason }) => reason === 'FieldManagerConflict')
}

export function isAlreadyExists(error: unknown): error is Error {
  return error instanceof AlreadyExistsError || is(409, 'AlreadyExists')(error)
}

/** An existing custom resource's refusal of resourceVersion "0", see `ApplyOptions.createOnly`. */
export function isVersionRefusal(error: unknown): boolean {
  return isInvalid(error) && names(error, 'metadata.resourceVersion')
}

/** The resourceVersion, or the `continue` of a list, is too old to go on from. */
export function isGone(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone')
}

/** Worth trying again as it is: no answer, 429, or a fault of the server. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof CredentialsError) return true
  return error instanceof KubeError && (error.status === 429 || error.status >= 500)
}
