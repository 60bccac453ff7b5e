import type { EpochMs } from '../../lib/clock.js'
import type { ClipContent } from '../clip-content.js'
import { ClipUnavailable } from '../clip-unavailable.js'
import { orAborted } from '../or-aborted.js'
import { within } from '../within.js'
import type { AssemblyHold } from './clip-assemblies.js'
import type { MadeClip } from './clip-assembly.js'
import { DeferredPart } from './deferred-part.js'
import { PassthroughContent } from './passthrough-content.js'
import { type ClipLayout, SlicedContent } from './sliced-content.js'

/** How long the form of a single part may be in doubt: no longer than the route waits for a size. */
const FORM_WAIT_MS = 25_000

/** The content of a clip that is made or being made. The hold is released with the content, also when this rejects. */
export async function openContent(
  hold: AssemblyHold,
  { fileName, urlExpiresAtMs }: { readonly fileName: string; readonly urlExpiresAtMs: EpochMs },
  signal: AbortSignal,
): Promise<ClipContent> {
  const { assembly } = hold
  const { outline, made } = assembly
  const description = { fileName, urlExpiresAtMs, contentType: 'video/mp4', lastModifiedMs: outline.delivered.endMs }
  try {
    // Only a single part may turn out to be given as it is.
    const form = outline.parts.length > 1 ? null : await within(orAborted(made, signal), FORM_WAIT_MS)
    const sources = assembly.parts.map((part) => new DeferredPart(part, { onRelease: hold.release, onBroken: hold.discard }))
    const [first] = sources
    if (form?.form === 'PASSTHROUGH' && first) return await PassthroughContent.open(description, first, signal)
    return new SlicedContent({ description, sources, layout: form ? toLayout(form) : made.then(toLayout) })
  } catch (error) {
    hold.release()
    throw error
  }
}

function toLayout(made: MadeClip): ClipLayout {
  if (made.form === 'REBUILT') return made.movie.layout
  throw new ClipUnavailable('KVS_FAILED', 'The clip took too long to begin; ask again.', { retryAfterMs: 1000 })
}
