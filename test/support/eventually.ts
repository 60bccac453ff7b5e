import { setTimeout as wait } from 'node:timers/promises'

/** On a busy machine, only a fault takes this long. */
const TIMEOUT_MS = 60_000
const PAUSE_MS = 20

/** For what a server does after its response is sent: retries the expectations until they hold, or throws the error of the last try. */
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
