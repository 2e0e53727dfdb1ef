import { StringDecoder } from 'node:string_decoder'

/** The lines of a stream of UTF-8 text, whatever the borders of its chunks; a last line without an end is dropped, it was cut off. */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let pieces: string[] = []
  for await (const chunk of stream) {
    const text = decoder.write(chunk as Buffer)
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      pieces.push(text.slice(start, end))
      start = end + 1
      const line = pieces.join('')
      pieces = []
      if (line !== '') yield line
    }
    if (start < text.length) pieces.push(text.slice(start))
  }
}
