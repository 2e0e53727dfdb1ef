import { describe, expect, test } from 'vitest'
import { StatusError } from '../kube/errors.ts'
import { parseTarget } from './target.ts'
import vectors from './vectors/targets.json' with { type: 'json' }

describe('The target of a request', () => {
  test.each(vectors.accepted)('$target goes to $path', ({ target, path, query }) => {
    expect(parseTarget(target)).toEqual({ path, query })
  })

  test.each(vectors.refused)('$target is refused', ({ target, because }) => {
    expect(() => parseTarget(target)).toThrow(expect.objectContaining({ code: 400, message: because }))
    expect(() => parseTarget(target)).toThrow(StatusError)
  })
})
