import { setTimeout as wait } from 'node:timers/promises'

/** Only a fault takes this long, on a busy machine too. */
const TIMEOUT_MS = 60_000
const PAUSE_MS = 20

/** For what a server does after its answer has left: tries the expectations until they hold, or throws what the last try threw. */
export async function eventually(expectations: () => Promise<void> | void): Promise<void> {
  for (const deadline = Date.now() + TIMEOUT_MS; ; ) {
    try {
      return await expectations()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await wait(PAUSE_MS)
    }
  }
}
