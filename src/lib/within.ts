/** What the promise gives, or null when it has not given anything after `durationMs`. It goes on all the same. */
export async function within<T>(promise: Promise<T>, durationMs: number): Promise<T | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(resolve, durationMs, null)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
    promise.catch(() => null)
  }
}
