import { expect, test } from 'vitest'
import { type Presence, type PresenceEvent, PresenceMachine, type Role } from './presence.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute))

/** What each event changed: `name state`, or of one that is away `name reason`. */
function play(role: Role, events: PresenceEvent[]) {
  const machine = new PresenceMachine(role, at(0))
  const said = events.map((event, i) =>
    machine.on(event, at(i + 1)).map(({ name, now }) => `${name} ${now.state === 'away' ? now.reason : now.state}`),
  )
  return { machine, said }
}

const came = (name: string): PresenceEvent => ({ type: 'came', name })
const went = (name: string): PresenceEvent => ({ type: 'went', name })
const is = (name: string, uid: string, claim = {}): PresenceEvent => ({ type: 'identified', name, uid, claim })
const recorded = (name: string, uid?: string, lost = false): PresenceEvent => ({ type: 'recorded', name, uid, lost })
const why = (presence: Presence) => (presence.state === 'away' ? presence.why : presence.state)

test('a cluster is connected once it said what it is, and away when nobody says how to reach it', () => {
  const { machine, said } = play('provider', [came('a'), is('a', '1'), went('a')])
  expect(said).toEqual([['a Unreachable'], ['a connected'], ['a NotConnected']])
  expect(machine.of('a')).toEqual({
    ...{ state: 'away', since: at(3), reason: 'NotConnected' },
    why: 'provider a is not connected',
  })
})

test('one that does not answer is away since then, whatever the reasons that follow', () => {
  const silent = (text: string): PresenceEvent => ({ type: 'unreachable', name: 'a', why: text })
  const { machine, said } = play('consumer', [came('a'), silent('refused'), silent('refused'), silent('timed out')])
  expect(said).toEqual([['a Unreachable'], ['a Unreachable'], [], ['a Unreachable']])
  expect(machine.of('a')).toMatchObject({ since: at(1), why: 'consumer a is not connected: timed out' })
})

test('one cluster under two names is connected under the first, and under the second when the first is gone', () => {
  const events = [came('b'), is('b', '1'), came('a'), is('a', '1'), went('b')]
  const { machine, said } = play('consumer', events)
  expect(said.slice(3)).toEqual([['a SameCluster'], ['b NotConnected', 'a connected']])
  expect(machine.uidOf('a')).toBe('1')
})

test.each<{ what: string; events: PresenceEvent[]; name: string; expected: string }>([
  {
    what: 'a second name',
    events: [came('a'), is('a', '1'), came('b'), is('b', '1')],
    name: 'b',
    expected:
      'provider b is not connected: it is the cluster that is connected as provider a already: one of the two kubeconfigs has to go',
  },
  {
    what: 'a new name',
    events: [recorded('a', '1'), came('b'), is('b', '1')],
    name: 'b',
    expected:
      'provider b is not connected: it is the cluster that is known as provider a: name its kubeconfig a again, or set spec.lost of that Provider',
  },
  {
    what: 'another cluster under a known name',
    events: [recorded('a', '1'), came('a'), is('a', '2')],
    name: 'a',
    expected:
      'provider a is not connected: another cluster answers (uid 2) than the one that went by this name (uid 1): give it another name',
  },
])('$what is refused, and the line says what to do', ({ events, name, expected }) => {
  expect(why(play('provider', events).machine.of(name))).toBe(expected)
})

test('of consumers the objects that are placed tell by which name they are known', () => {
  const { said } = play('consumer', [
    ...[came('b'), is('b', '1', { knownAs: 'a' })],
    ...[came('c'), is('c', '3', { was: '2' })],
    ...[came('a'), is('a', '1')],
  ])
  expect(said.flat().filter((each) => !each.includes('Unreachable'))).toEqual([
    'b KnownByAnotherName',
    'c AnotherCluster',
    'a connected',
    'b SameCluster',
  ])
})

test('a record of another replica decides which of two names counts', () => {
  const { said } = play('provider', [came('a'), came('b'), is('a', '1'), is('b', '1'), recorded('b', '1')])
  expect(said.slice(2)).toEqual([['a connected'], ['b SameCluster'], ['a KnownByAnotherName', 'b connected']])
})

test('the platform’s word that a provider is lost counts whatever answers, until it is taken back', () => {
  const { said } = play('provider', [
    ...[came('a'), is('a', '1'), recorded('a', '1', true), went('a'), came('a'), is('a', '1')],
    recorded('a', '1'),
  ])
  expect(said).toEqual([['a Unreachable'], ['a connected'], ['a lost'], [], [], [], ['a connected']])
})

test('the name of a lost provider holds its cluster up no more, nor another under that name once the record is gone', () => {
  const { said } = play('provider', [
    ...[recorded('a', '1', true), came('b'), is('b', '1')],
    ...[came('a'), is('a', '2'), { type: 'forgotten', name: 'a' } as const],
  ])
  expect(said.slice(2)).toEqual([['b connected'], [], [], ['a connected']])
})

test('what was away before the process began is away since then', () => {
  const event: PresenceEvent = { type: 'recorded', name: 'a', lost: false, awaySince: new Date(0) }
  expect(play('provider', [event]).machine.of('a')).toMatchObject({ since: new Date(0) })
})
