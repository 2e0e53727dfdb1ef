/**
 * The clock of a server, as its answers tell it: each says in whole seconds when it was made (the header Date; RFC 9110, 6.6.1). Who asks the
 * same server has the same time, whatever the own clock says.
 */
export class ServerClock {
  /**
   * By how many milliseconds the server's clock is ahead of `performance.now`: the least that the answers so far allow, so that the time never
   * runs back while nobody sets a clock. It grows to what it really is.
   */
  #ahead = Number.NEGATIVE_INFINITY

  /** `sentAt`: when the request was sent that this answers, in milliseconds of `performance.now`. */
  heard(date: string | string[] | undefined, sentAt: number): void {
    const said = Date.parse(String(date))
    if (Number.isNaN(said)) return
    const [least, most] = [said - performance.now(), said + 1_000 - sentAt]
    this.#ahead = Math.min(Math.max(this.#ahead, least), most)
  }

  /** Whether the server has said a time. */
  get isKnown(): boolean {
    return Number.isFinite(this.#ahead)
  }

  /** The own clock's time until the server has said one. */
  now(): Date {
    return new Date(this.isKnown ? performance.now() + this.#ahead : Date.now())
  }
}
