import { describe, expect, test } from '@jest/globals'
import { SingleFlight } from '../../src/lib/single-flight.js'

function live(): AbortSignal {
  return new AbortController().signal
}

/** Work that ends when the test resolves it, or when its signal aborts. */
function pending() {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const starts: AbortSignal[] = []
  const work = (signal: AbortSignal) => {
    starts.push(signal)
    signal.addEventListener('abort', () => reject(new Error('given up')))
    return promise
  }
  return { work, resolve, starts }
}

describe('SingleFlight', () => {
  test('makes one call for all concurrent callers', async () => {
    const flights = new SingleFlight<string>()
    const { work, resolve, starts } = pending()
    const both = [flights.run('a', work, live()), flights.run('a', work, live())]
    resolve('done')
    expect(await Promise.all(both)).toEqual(['done', 'done'])
    expect(starts).toHaveLength(1)
  })

  test('remembers nothing after the call', async () => {
    const flights = new SingleFlight<number>()
    let calls = 0
    const work = async () => {
      calls += 1
      return calls
    }
    expect(await flights.run('a', work, live())).toBe(1)
    expect(await flights.run('a', work, live())).toBe(2)
  })

  test('keeps keys apart', async () => {
    const flights = new SingleFlight<string>()
    expect(await Promise.all([flights.run('a', async () => 'A', live()), flights.run('b', async () => 'B', live())])).toEqual(['A', 'B'])
  })

  test('continues for the other callers when one leaves', async () => {
    const flights = new SingleFlight<string>()
    const { work, resolve, starts } = pending()
    const leaver = new AbortController()
    const left = flights.run('a', work, leaver.signal)
    const stayed = flights.run('a', work, live())
    leaver.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    expect(starts[0]?.aborted).toBe(false)
    resolve('done')
    await expect(stayed).resolves.toBe('done')
  })

  test('aborts the work when the last caller leaves, and starts again for the next one', async () => {
    const flights = new SingleFlight<string>()
    const { work } = pending()
    const leaver = new AbortController()
    const left = flights.run('a', work, leaver.signal)
    leaver.abort(new Error('gone'))
    const next = flights.run('a', async () => 'anew', live())
    await expect(left).rejects.toThrow('given up')
    await expect(next).resolves.toBe('anew')
  })

  test('starts no work for a caller whose signal is already aborted', async () => {
    const flights = new SingleFlight<string>()
    const { work, starts } = pending()
    await expect(flights.run('a', work, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
    expect(starts).toHaveLength(0)
  })
})
