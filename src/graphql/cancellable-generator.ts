import { orAborted } from '../lib/clock.js'
import { ClientLeft } from './context.js'

/**
 * Wraps a generator so that `return` ends it at once, also while it waits for its next result. (`return` of an async generator waits until
 * the pending `next` settles.) `return` aborts `end`, whose signal stops the work on the next result.
 * @param onReleased called once, after the source has ended and released its resources
 */
export function toCancellable<Result>(
  source: AsyncGenerator<Result, void>,
  end: AbortController,
  onReleased: () => void,
): AsyncGenerator<Result> {
  const { signal } = end
  const release = once(onReleased)
  const results: AsyncGenerator<Result> = {
    async next() {
      try {
        const next = await orAborted(source.next(), signal)
        if (next.done) release()
        return next
      } catch (error) {
        if (signal.aborted) return DONE
        release()
        throw error
      }
    },
    async return() {
      end.abort(new ClientLeft('The client left.'))
      // No one waits for an error of the source any longer.
      source.return().then(release, release)
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
