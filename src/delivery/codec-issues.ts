import type { ClipIssue } from '../domain/clip-issue.js'
import { type FragmentName, readFragment } from '../footage/fragment-reading.js'
import { toMediaIssues } from '../footage/to-stream-media.js'
import type { FragmentMediaSource } from '../kvs/ports.js'

/** Looks into one fragment: what GetClip would refuse of its codecs and frames. */
export async function probeCodecs(media: FragmentMediaSource, name: FragmentName, signal: AbortSignal): Promise<ClipIssue[]> {
  const reading = await readFragment(media, name, signal)
  return toMediaIssues(reading).map((issue) => ({ ...issue, path: ['streamName'] }))
}
