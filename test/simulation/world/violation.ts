/** An invariant that does not hold. `rule` is one word for each, `about` the name of the consumer's object. */
export class Violation extends Error {
  readonly rule: string
  readonly about: string | undefined

  constructor(rule: string, message: string, about?: string) {
    super(message)
    this.rule = rule
    this.about = about
  }
}
