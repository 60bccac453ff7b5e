import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { Semaphore, takeTurn } from '../../src/lib/semaphore.js'

describe('Semaphore', () => {
  test('runs as many tasks at a time as it has permits, in FIFO order', async () => {
    const semaphore = new Semaphore(2)
    const started: number[] = []
    const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>())
    const tasks = ends.map(({ promise }, index) =>
      semaphore.run(() => {
        started.push(index)
        return promise
      }),
    )
    for (const [index, { resolve }] of ends.entries()) {
      await nextTurn()
      expect(started).toEqual([0, 1, 2, 3, 4].slice(0, index + 2))
      resolve(index)
    }
    expect(await Promise.all(tasks)).toEqual([0, 1, 2, 3, 4])
  })

  test('passes the permit of a task that fails on', async () => {
    const semaphore = new Semaphore(1)
    const failing = semaphore.run(() => Promise.reject(new Error('no')))
    const next = semaphore.run(async () => 'yes')
    await expect(failing).rejects.toThrow('no')
    expect(await next).toBe('yes')
  })

  test('does not start a task whose signal has aborted', async () => {
    const semaphore = new Semaphore(1)
    const first = Promise.withResolvers<void>()
    const running = semaphore.run(() => first.promise)
    const leaving = new AbortController()
    let isStarted = false
    const waiting = semaphore.run(async () => {
      isStarted = true
    }, leaving.signal)
    const behind = semaphore.run(async () => 'started')
    leaving.abort(new Error('I leave'))
    await expect(waiting).rejects.toThrow('I leave')
    first.resolve()
    await running
    expect(await behind).toBe('started')
    expect(isStarted).toBe(false)
    await expect(semaphore.run(async () => 'never', leaving.signal)).rejects.toThrow('I leave')
  })
})

test('takeTurn gives each caller a turn of the event loop', async () => {
  const order: string[] = []
  const turns = [1, 2, 3].map((caller) => takeTurn().then(() => order.push(`caller ${caller}`)))
  for (let turn = 1; turn <= 3; turn += 1) {
    await nextTurn()
    order.push(`turn ${turn}`)
  }
  await Promise.all(turns)
  expect(order).toEqual(['caller 1', 'turn 1', 'caller 2', 'turn 2', 'caller 3', 'turn 3'])
})
