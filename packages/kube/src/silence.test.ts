import { expect, test } from 'vitest'
import { Silence } from './silence.ts'

function silence() {
  const clock = { now: 0 }
  return { clock, server: new Silence({ now: () => clock.now }) }
}

test('a server that owes nothing refuses nobody, however long ago it answered', () => {
  const { clock, server } = silence()
  server.begin()
  server.answered()
  clock.now = 1_000_000
  expect(server.refuses).toBe(false)
})

test('while a server answers nobody, one request at a time finds out whether it is back', () => {
  const { clock, server } = silence()
  server.begin()
  clock.now = 5_001
  expect(server.refuses).toBe(true)
  clock.now = 10_000
  server.gaveUp({ timedOut: true })
  expect(server.refuses).toBe(false)
  server.begin()
  expect(server.refuses).toBe(true)
  server.answered()
  server.begin()
  expect(server.refuses).toBe(false)
})

test('one slow answer among others is no silence', () => {
  const { clock, server } = silence()
  server.begin()
  for (let i = 0; i < 10; i++) {
    clock.now += 1_000
    server.begin()
    expect(server.refuses).toBe(false)
    server.answered()
  }
  server.gaveUp({ timedOut: true })
  server.begin()
  server.begin()
  expect(server.refuses).toBe(false)
})

test('where many wait, a short silence is enough', () => {
  const { clock, server } = silence()
  for (let i = 0; i < 64; i++) server.begin()
  expect(server.refuses).toBe(false)
  clock.now = 1_001
  expect(server.refuses).toBe(true)
  server.answered()
  expect(server.refuses).toBe(false)
})

test('a request that its caller broke off says nothing about the server', () => {
  const { clock, server } = silence()
  server.begin()
  clock.now = 2_000
  server.gaveUp({ timedOut: false })
  server.begin()
  server.begin()
  expect(server.refuses).toBe(false)
})
