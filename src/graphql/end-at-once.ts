import { orAborted } from '../lib/clock.js'
import { ClientLeft } from './departed-client.js'

/**
 * The same results, to be left at any time. An async generator that waits cannot be stopped by `return` before its wait is over; this
 * one ends at once and tells `end`, whose signal is for whatever works on the next result.
 * @param onFreed called once, when the source has ended and given up what it held
 */
export function endAtOnce<Result>(source: AsyncGenerator<Result, void>, end: AbortController, onFreed: () => void): AsyncGenerator<Result> {
  const { signal } = end
  const free = once(onFreed)
  const results: AsyncGenerator<Result> = {
    async next() {
      try {
        const next = await orAborted(source.next(), signal)
        if (next.done) free()
        return next
      } catch (error) {
        if (signal.aborted) return DONE
        free()
        throw error
      }
    },
    async return() {
      end.abort(new ClientLeft('The client left.'))
      // Whatever the source has to say now, there is nobody to hear it.
      source.return().then(free, free)
      return DONE
    },
    async throw(error) {
      await results.return(undefined)
      throw error
    },
    [Symbol.asyncIterator]: () => results,
    async [Symbol.asyncDispose]() {
      await results.return(undefined)
    },
  }
  return results
}

const DONE = { done: true, value: undefined } as const

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) act()
    isDone = true
  }
}
