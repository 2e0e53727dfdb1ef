import { StatusError } from '../../errors.ts'
import { goQuote } from '../../go-text.ts'

/** undefined for what is no resourceVersion. */
export function parseRevision(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** A resourceVersion that is none, where kube-apiserver does not look before it parses: an error without a reason. */
export function noRevision(text: string, prefix = ''): StatusError {
  return new StatusError(500, '', `${prefix}strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`)
}
