import { type EpochMs, orAborted } from '../../lib/clock.js'
import { DeferredPart } from '../parts/deferred-part.js'
import type { ClipContent } from '../serve/clip-content.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { AssemblyHold } from './clip-assemblies.js'
import type { MadeClip } from './clip-assembly.js'
import { PassthroughContent } from './passthrough-content.js'
import { type ClipLayout, SlicedContent } from './sliced-content.js'

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
    // Only a single part may turn out to be given as it is. How long that may be in doubt is for the caller's signal to say.
    const form = outline.parts.length > 1 ? null : await orAborted(made, signal)
    const lender = { onRead: () => assembly.beginReading(), onRelease: hold.release, onBroken: hold.discard }
    const handles = await orAborted(assembly.handles(), signal)
    const sources = handles.map((handle) => new DeferredPart(handle, lender))
    const [first] = sources
    if (form?.form === 'PASSTHROUGH' && first) return await PassthroughContent.open(description, await first.whenOpened(signal), signal)
    return new SlicedContent({ description, sources, layout: form ? toLayout(form) : made.then(toLayout) })
  } catch (error) {
    hold.release()
    throw error
  }
}

function toLayout(made: MadeClip): ClipLayout {
  if (made.form === 'REBUILT') return made.movie.layout
  throw new ClipUnavailable('INTERNAL', 'A clip of several parts cannot be passed through.')
}
