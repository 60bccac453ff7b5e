import type { ClipLayout } from '../../src/delivery/clip/clip-movie.js'
import { type ContentSource, createContent, createPassthroughSource, createSlicedSource } from '../../src/delivery/clip/open-clip.js'
import type { PartHandle } from '../../src/delivery/ports.js'
import type { ClipContent } from '../../src/delivery/serve/clip-content.js'

const NEVER = new AbortController().signal

export type ClipDescription = Pick<ClipContent, 'fileName' | 'lastModifiedMs' | 'urlExpiresAtMs'> & Partial<Pick<ClipContent, 'revoked'>>

/** A clip with this layout over stored or arriving parts, which are released with the clip. It is identified if the layout is known. */
export async function openSlicedClip(
  description: ClipDescription,
  { parts, layout }: { readonly parts: readonly PartHandle[]; readonly layout: ClipLayout | Promise<ClipLayout> },
): Promise<ClipContent> {
  const clip = toClip(description, parts, createSlicedSource(parts, Promise.resolve(layout)))
  if ('file' in layout) await clip.whenIdentified(NEVER)
  return clip
}

/** A clip that is passed through. It is identified if the part is complete. */
export async function openPassedThroughClip(description: ClipDescription, part: PartHandle): Promise<ClipContent> {
  const clip = toClip(description, [part], createPassthroughSource(part))
  if (part.state.state === 'complete') await clip.whenIdentified(NEVER)
  return clip
}

function toClip(description: ClipDescription, parts: readonly PartHandle[], source: ContentSource): ClipContent {
  const hold = { release: () => parts.map((part) => part.release()), discard: () => undefined }
  const about = { streamArn: 'arn', requested: { startMs: 0, endMs: 1 } }
  return createContent({ revoked: NEVER, principal: '', ...about, ...description }, { source, hold, failed: NEVER })
}
