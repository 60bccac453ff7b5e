import type { Clip } from '../../domain/clip.js'
import { orAborted, sleep, within } from '../../lib/clock.js'
import type { ClipJob } from './clip-job.js'
import type { MadeClip } from './make-clip.js'

/** At most four updates a second. */
const MIN_INTERVAL_MS = 250

/** The clip as it stands, and again whenever it has changed, until it is READY or FAILED. Slow listeners miss what is outdated, never the last. */
export async function* watchClip(job: ClipJob, show: (made: MadeClip | null) => Clip, signal: AbortSignal): AsyncGenerator<Clip> {
  let made = await within(
    job.made.catch(() => null),
    0,
  )
  let changed = Promise.withResolvers<void>()
  const noteMade = (result: MadeClip) => {
    made = result
  }
  job.made.then(noteMade, () => null)
  const end = job.onChange(() => changed.resolve())
  try {
    for (;;) {
      changed = Promise.withResolvers<void>()
      const clip = show(made)
      yield clip
      if (clip.state !== 'FETCHING') return
      await sleep(MIN_INTERVAL_MS, signal)
      await orAborted(changed.promise, signal)
    }
  } finally {
    end()
  }
}
