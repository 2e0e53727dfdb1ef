import type { Question } from './types.ts'

/** A write cannot go on before these are answered. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
  readonly questions: readonly Question<unknown>[]

  constructor(questions: readonly Question<unknown>[]) {
    super(`${questions.length} questions are open`)
    this.questions = questions
  }
}
