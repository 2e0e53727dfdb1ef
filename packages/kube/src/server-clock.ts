/**
 * The clock of a server, as its answers tell it: each says in whole seconds when it was made (the header Date; RFC 9110, 6.6.1). Who asks the
 * same server has the same time, whatever the own clock says.
 */
export class ServerClock {
  /** By how many milliseconds the server's clock is ahead of `performance.now`, at least and at most, by all answers so far. */
  #least = Number.NEGATIVE_INFINITY
  #most = Number.POSITIVE_INFINITY

  /** `sentAt`: when the request was sent that this answers, in milliseconds of `performance.now`. */
  heard(date: string | string[] | undefined, sentAt: number): void {
    const said = Date.parse(String(date))
    if (Number.isNaN(said)) return
    const [least, most] = [said - performance.now(), said + 1_000 - sentAt]
    // Somebody has set one of the clocks, or another server answers: what was said before counts no longer.
    const isSet = least > this.#most || most < this.#least
    this.#least = isSet ? least : Math.max(least, this.#least)
    this.#most = isSet ? most : Math.min(most, this.#most)
  }

  /** The own clock's time until the server has said one. */
  now(): Date {
    const ahead = (this.#least + this.#most) / 2
    return new Date(Number.isFinite(ahead) ? performance.now() + ahead : Date.now())
  }
}
