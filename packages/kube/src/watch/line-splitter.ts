const NEWLINE = 10

/** Cuts a stream of UTF-8 text into lines, whatever the borders of its chunks; each byte is copied at most once. */
export class LineSplitter {
  #pieces: Buffer[] = []

  /** The lines that `chunk` completes, without empty ones. What follows the last line end waits for the next chunk. */
  push(chunk: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#complete(chunk.subarray(start, end))
      if (line !== '') lines.push(line)
      start = end + 1
    }
    if (start < chunk.length) this.#pieces.push(chunk.subarray(start))
    return lines
  }

  #complete(last: Buffer): string {
    if (this.#pieces.length === 0) return last.toString('utf8')
    const line = Buffer.concat([...this.#pieces, last]).toString('utf8')
    this.#pieces = []
    return line
  }
}
