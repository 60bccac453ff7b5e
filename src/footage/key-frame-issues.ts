import type { ClipIssue } from '../domain/clip-issue.js'
import { durationText, toWarning } from '../domain/clip-issue-text.js'
import { NOT_KEY, type SampleTable } from '../media/matroska/sample-table.js'
import type { MatroskaTrack } from '../media/matroska/track.js'

const HINT =
  'Let the producer begin each fragment with a key frame (ffmpeg: -cluster_time_limit 20000 -cluster_size_limit 50M). Until then ask for clips with cut EXACT, which fetches back to the key frame that the first picture needs.'

/** Nothing, or that a clip which begins with this fragment cannot show its first picture. */
export function keyFrameIssues(tracks: readonly MatroskaTrack[], samples: SampleTable): ClipIssue[] {
  const video = tracks.find(({ type }) => type === 'video')
  if (video === undefined || samples.count === 0) return []
  const rows = Array.from(samples.tracks.keys()).filter((row) => samples.tracks[row] === video.number)
  const [first] = rows
  if (first !== undefined && samples.keys[first] !== NOT_KEY) return []
  return [toWarning('STARTS_WITHOUT_KEY_FRAME', textOf(rows, samples), { hint: HINT })]
}

function textOf(rows: readonly number[], { keys, times }: SampleTable): string {
  if (rows.length === 0) return 'The fragment holds no picture, so that a clip that begins with it shows nothing at first.'
  const key = rows.find((row) => keys[row] !== NOT_KEY)
  if (key === undefined) return 'The fragment holds no key frame, so that none of its pictures can be decoded by itself.'
  const firstMs = rows.reduce((earliest, row) => Math.min(earliest, times[row] ?? earliest), times[key] ?? 0)
  const laterMs = (times[key] ?? 0) - firstMs
  const where = laterMs > 0 ? `, it comes ${durationText(laterMs)} after its first picture` : ''
  return `The fragment does not begin with a key frame${where}: what is before that cannot be decoded by itself.`
}
