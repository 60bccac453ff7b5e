/**
 * Long work in small steps, as a generator. The caller decides when the event loop has its turn: at once (`finishNow`) or in turns
 * (`finishInTurns`). A step takes a few milliseconds at most, whatever the length of the movie.
 */
export type Steps<Result> = Generator<void, Result, void>

/** Rows of a table per step: about a millisecond. */
export const ROWS_PER_STEP = 32_768

/** Runs all steps at once. */
export function finishNow<Result>(steps: Steps<Result>): Result {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

/** Runs all steps, and yields to the event loop every `sliceMs`. Rejects if `signal` is aborted. */
export async function finishInTurns<Result>(
  steps: Steps<Result>,
  options: { sliceMs?: number; signal?: AbortSignal } = {},
): Promise<Result> {
  const { sliceMs = 10, signal } = options
  let turnBegan = performance.now()
  let step = steps.next()
  while (step.done !== true) {
    if (performance.now() - turnBegan >= sliceMs) {
      await new Promise((resolve) => setImmediate(resolve))
      signal?.throwIfAborted()
      turnBegan = performance.now()
    }
    step = steps.next()
  }
  return step.value
}
