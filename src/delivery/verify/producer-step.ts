/** A step of the producer's clock beyond this is no hole in the footage but a clock that was set. */
const MAX_STEP_MS = 24 * 3_600_000

/** Whether footage may have gone on so much later: not where the clock went back, or was set. */
export function isProducerStep(stepMs: number): boolean {
  return stepMs > 0 && stepMs <= MAX_STEP_MS
}
