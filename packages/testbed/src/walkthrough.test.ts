import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { scratchDirectory } from './scratch.ts'
import { waitFor } from './wait.ts'
import { readWalkthrough, WalkError, type WalkStep, Walkthrough } from './walkthrough.ts'

const README = `# Things

\`\`\`console
$ not run
\`\`\`

## 1. A server

\`\`\`sh terminal ready="serves it"
serve
\`\`\`

## 2. Its use

\`\`\`sh
first
second
\`\`\`

\`\`\`sh terminal
other
\`\`\`

\`\`\`sh terminal again ready="serves it"
serve
\`\`\`

\`\`\`yaml
not: run
\`\`\`
`

test('the steps are the blocks of sh, each under its heading', () => {
  expect(readWalkthrough(README)).toEqual([
    { title: '1. A server', commands: 'serve', terminal: { ready: 'serves it' } },
    { title: '2. Its use', commands: 'first\nsecond', terminal: undefined },
    { title: '2. Its use', commands: 'other', terminal: { ready: '' } },
    { title: '2. Its use', commands: 'serve', terminal: { ready: 'serves it', again: true } },
  ])
})

describe('a walkthrough', () => {
  const dir = scratchDirectory()
  const walks: Walkthrough[] = []
  afterEach(async () => {
    for (const walk of walks.splice(0)) await walk.stop()
  })

  function start(lines: string[] = []): Walkthrough {
    const options = {
      cwd: dir,
      logs: join(dir, 'logs'),
      env: { GIVEN: 'yes' },
      onLine: (line: string) => lines.push(line),
    }
    const walk = new Walkthrough(options)
    walks.push(walk)
    return walk
  }
  const shell = (commands: string): WalkStep => ({ title: '', commands, terminal: undefined })
  const terminal = (commands: string, ready = ''): WalkStep => ({ title: '', commands, terminal: { ready } })

  test('knows in a step the variables and functions of those before', async () => {
    const walk = start()
    await walk.walk([shell('name=world'), shell('greet() { echo "hello $1, $GIVEN"; }')])
    expect(await walk.run('greet $name')).toBe('hello world, yes')
  })

  test('hears what a command prints without a line end', async () => {
    const walk = start()
    expect(await walk.run('printf "one\\ntwo"')).toBe('one\ntwo')
    expect(await walk.run('printf three >&2')).toBe('three')
  })

  test('tells of each line', async () => {
    const lines: string[] = []
    await start(lines).walk([shell('echo one; echo two')])
    expect(lines).toEqual(['one', 'two'])
  })

  test.each(['false\necho after', 'false | cat', '(exit 3)'])('ends with a step that fails: %s', async (commands) => {
    const walk = start()
    const walked = walk.walk([shell(`echo before\n${commands}`), shell('echo next')])
    await expect(walked).rejects.toThrow(WalkError)
    await expect(walked).rejects.toThrow(/it printed:\nbefore$/)
    await expect(walk.run('echo next')).rejects.toThrow('a step before failed')
  })

  test('gives no command the script to read', async () => {
    const walk = start()
    expect(await walk.run('cat; echo end')).toBe('end')
  })

  test('goes on when a terminal is ready, and ends it in the end', async () => {
    const walk = start()
    await walk.walk([
      terminal('trap "touch ended; exit" TERM\necho serving\nwhile true; do sleep 0.02; done', 'serving'),
      shell('echo used'),
    ])
    expect(readFileSync(join(dir, 'logs/terminal-1.log'), 'utf8')).toContain('serving')
    await walk.stop()
    walks.pop()
    await waitFor('it ended by itself', () => readFileSync(join(dir, 'ended'), 'utf8') === '')
  })

  test('runs the commands of a terminal again after it has ended them', async () => {
    const walk = start()
    const commands =
      'trap "echo ended >> lives; exit" TERM\necho began >> lives\necho serving\nwhile true; do sleep 0.02; done'
    const again = { ...terminal(commands), terminal: { ready: 'serving', again: true } }
    await walk.walk([terminal(commands, 'serving'), again])
    expect(readFileSync(join(dir, 'lives'), 'utf8')).toBe('began\nended\nbegan\n')
    await expect(walk.walk([{ ...again, commands: 'other' }])).rejects.toThrow(WalkError)
  })
})
