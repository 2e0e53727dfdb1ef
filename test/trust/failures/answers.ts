import type { Injected } from '../../support/injections.ts'

/** What a server's refusal says, so that it is found again in what people are told. */
export const WORDS = 'no such luck'

const refusal = (status: number, reason: string): Injected => ({ status, reason, message: WORDS })

/** Every answer that a request can get besides a good one, by what the table calls it. */
export const ANSWERS: Record<string, Injected> = {
  '400 BadRequest': refusal(400, 'BadRequest'),
  '401 Unauthorized': refusal(401, 'Unauthorized'),
  '403 Forbidden': refusal(403, 'Forbidden'),
  '404 NotFound': refusal(404, 'NotFound'),
  '409 Conflict': refusal(409, 'Conflict'),
  '410 Expired': refusal(410, 'Expired'),
  '413 RequestEntityTooLarge': refusal(413, 'RequestEntityTooLarge'),
  '422 Invalid': refusal(422, 'Invalid'),
  '429 TooManyRequests': { status: 429, reason: 'TooManyRequests', message: WORDS, retryAfterSeconds: 1 },
  '500 InternalError': refusal(500, 'InternalError'),
  '503 ServiceUnavailable': refusal(503, 'ServiceUnavailable'),
  '504 Timeout': refusal(504, 'Timeout'),
  'performed, and not answered': 'performed, and not answered',
  'an answer that breaks off': 'broken off',
}
