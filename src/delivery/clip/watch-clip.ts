import type { Clip } from '../../domain/clip.js'
import { orAborted, sleep, within } from '../../lib/clock.js'
import type { ClipAssembly, MadeClip } from './clip-assembly.js'

/** At most four updates a second. */
const MIN_INTERVAL_MS = 250

/** The clip as it stands, and again whenever it has changed, until it is READY or FAILED. Slow listeners miss what is outdated, never the last. */
export async function* watchClip(assembly: ClipAssembly, show: (made: MadeClip | null) => Clip, signal: AbortSignal): AsyncGenerator<Clip> {
  let made = await within(
    assembly.made.catch(() => null),
    0,
  )
  let changed = Promise.withResolvers<void>()
  const noteMade = (result: MadeClip) => {
    made = result
  }
  assembly.made.then(noteMade, () => null)
  const end = assembly.onChange(() => changed.resolve())
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
