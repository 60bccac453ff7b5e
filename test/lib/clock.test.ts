import { describe, expect, test } from '@jest/globals'
import { backoffMs, orAborted, sleep } from '../../src/lib/clock.js'

describe('sleep', () => {
  test('ends by itself', async () => {
    await expect(sleep(1, new AbortController().signal)).resolves.toBeUndefined()
  })

  test('ends with the reason of the signal, at once', async () => {
    const controller = new AbortController()
    const slept = sleep(60_000, controller.signal)
    controller.abort(new Error('gone'))
    await expect(slept).rejects.toThrow('gone')
    expect(() => sleep(1, controller.signal)).toThrow('gone')
  })
})

describe('backoffMs', () => {
  test.each([
    [1, 0, 50],
    [1, 1, 100],
    [3, 1, 400],
    [10, 1, 1000],
    [10, 0, 500],
  ])('waits before try %i + 1 with chance %d for %d ms', (attempt, chance, expected) => {
    expect(backoffMs(attempt, { firstMs: 100, maxMs: 1000 }, () => chance)).toBe(expected)
  })
})

describe('orAborted', () => {
  test('is the promise while nobody aborts', async () => {
    const { signal } = new AbortController()
    await expect(orAborted(Promise.resolve(1), signal)).resolves.toBe(1)
    await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
  })

  test('is the reason of the signal as soon as it aborts, before or after', async () => {
    const controller = new AbortController()
    const never = orAborted(new Promise(() => undefined), controller.signal)
    controller.abort(new Error('gone'))
    await expect(never).rejects.toThrow('gone')
    await expect(orAborted(Promise.reject(new Error('late')), controller.signal)).rejects.toThrow('gone')
  })
})
