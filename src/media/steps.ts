/**
 * Work on long tables in small steps, so that whoever runs it decides how much of it happens before others have their turn. Between two
 * `next()` at most a few milliseconds pass. The movie's length does not change that.
 */
export type Steps<Result> = Generator<void, Result, void>

/** Rows handled between two steps: about a millisecond. */
export const ROWS_PER_STEP = 32_768

/** All steps at once: for what is short, and for programs that have nothing else to do. */
export function finishNow<Result>(steps: Steps<Result>): Result {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

/** All steps, with a turn of the event loop for others whenever `sliceMs` have been used up. Stops when `signal` says so. */
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
