import { describe, expect, test } from 'vitest'
import { ArgumentError, readArguments } from './arguments.ts'

const DEFAULTS = { dir: undefined, host: '127.0.0.1', port: 6443, shards: 1, interactive: false }

describe('The command line', () => {
  test.each([
    [[], DEFAULTS],
    [['--dir', 'd', '--port', '0'], { ...DEFAULTS, dir: 'd', port: 0 }],
    [['--shards=3', '--host=::1', '--interactive'], { ...DEFAULTS, shards: 3, host: '::1', interactive: true }],
    [['--external-host', 'kcp.example'], { ...DEFAULTS, externalHost: 'kcp.example' }],
    [['--port', '65535'], { ...DEFAULTS, port: 65_535 }],
  ])('%j is followed', (given, expected) => {
    expect(readArguments(given)).toEqual(expected)
  })

  test.each([['--help'], ['-h']])('%s asks for help', (flag) => {
    expect(readArguments([flag, '--port', 'x'])).toBeUndefined()
  })

  test.each([
    [['--port', 'http'], '--port needs a whole number from 0 to 65535, not "http"'],
    [['--port', '65536'], '--port needs a whole number from 0 to 65535, not "65536"'],
    [['--port=-1'], '--port needs a whole number from 0 to 65535, not "-1"'],
    [['--port', '1e3'], '--port needs a whole number from 0 to 65535, not "1e3"'],
    [['--shards', '0'], '--shards needs a whole number from 1 to 16, not "0"'],
    [['--port', '65534', '--shards', '2'], '--port 65534 leaves no ports for 2 shards: they follow it'],
    [['--dir', ''], '--dir needs the path of a directory'],
    [['--host', 'http://x'], '--host needs an address or a name, not "http://x"'],
    [['--external-host', 'https://x'], '--external-host needs an address or a name, not "https://x"'],
    [['--colour'], "Unknown option '--colour' (--help tells what there is)"],
    [['start'], /^Unexpected argument 'start'.* \(--help tells what there is\)$/],
  ])('%j is refused in one line', (given, message) => {
    expect(() => readArguments(given)).toThrow(ArgumentError)
    expect(() => readArguments(given)).toThrow(message)
    expect(() => readArguments(given)).not.toThrow(/\n/)
  })
})
