import { describe, expect, test } from '@jest/globals'
import { toCancellable } from '../../src/graphql/cancellable-generator.js'

/** Gives 1, 2, then waits until the signal aborts; `log` says what became of it. */
async function* source(signal: AbortSignal, log: string[]): AsyncGenerator<number, void> {
  try {
    yield 1
    yield 2
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  } finally {
    log.push('freed by itself')
  }
}

function start(log: string[]) {
  const end = new AbortController()
  return { end, results: toCancellable(source(end.signal, log), end, () => log.push('released')) }
}

describe('a cancelled generator', () => {
  test('ends while the source waits, and releases it', async () => {
    const log: string[] = []
    const { end, results } = start(log)
    expect([await results.next(), await results.next()]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ])
    const waiting = results.next()
    expect(await results.return(undefined)).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(end.signal.aborted).toBe(true)
    expect(await results.next()).toEqual({ done: true, value: undefined })
    await new Promise(setImmediate)
    expect(log).toEqual(['freed by itself', 'released'])
  })

  test('never starts if it is cancelled first', async () => {
    const log: string[] = []
    const { results } = start(log)
    await results.return(undefined)
    expect(await results.next()).toEqual({ done: true, value: undefined })
    expect(log).toEqual(['released'])
  })

  test('ends for the reader also if the source ignores the signal', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const log: string[] = []
    async function* deaf(): AsyncGenerator<number, void> {
      await promise
      yield 1
    }
    const results = toCancellable(deaf(), new AbortController(), () => log.push('released'))
    const waiting = results.next()
    await results.return(undefined)
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(log).toEqual([])
    resolve()
    await new Promise(setImmediate)
    expect(log).toEqual(['released'])
  })

  test('is released by a break of the loop', async () => {
    const log: string[] = []
    for await (const value of start(log).results) if (value === 2) break
    await new Promise(setImmediate)
    expect(log).toEqual(['freed by itself', 'released'])
  })
})

describe('a generator that is not cancelled', () => {
  test('calls back once at its end', async () => {
    const log: string[] = []
    async function* two(): AsyncGenerator<number, void> {
      yield* [1, 2]
    }
    const results = toCancellable(two(), new AbortController(), () => log.push('released'))
    const values: number[] = []
    for await (const value of results) values.push(value)
    await results.return(undefined)
    expect({ values, log }).toEqual({ values: [1, 2], log: ['released'] })
  })

  test('throws the error of the source', async () => {
    const log: string[] = []
    async function* broken(): AsyncGenerator<number, void> {
      yield await Promise.reject(new Error('broken'))
    }
    const results = toCancellable(broken(), new AbortController(), () => log.push('released'))
    await expect(results.next()).rejects.toThrow('broken')
    expect(log).toEqual(['released'])
  })
})
