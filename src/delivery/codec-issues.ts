import type { ClipIssue, ClipIssueCode } from '../domain/clip-issue.js'
import { givenText, toError, toWarning } from '../domain/clip-issue-text.js'
import type { FragmentMediaSource } from '../kvs/ports.js'
import { type CodecOutcome, parseCodecPrivate } from '../media/codec/codec-private.js'
import { MatroskaDemuxer } from '../media/matroska/demuxer.js'
import type { MatroskaTrack } from '../media/matroska/track.js'

const PATH = { path: ['streamName'] }
/** The table of GetClip's codecs, as the service documents it (kvs facts, 3.2). */
const PAIRS: ReadonlySet<string> = new Set(['h264', 'h265', 'h264 aac', 'h265 aac', 'h264 alaw'])

/** Looks into one fragment, as far as its tracks: what GetClip would refuse of them. */
export async function probeCodecs(
  media: FragmentMediaSource,
  { streamArn, fragmentNumber }: { readonly streamArn: string; readonly fragmentNumber: string },
  signal: AbortSignal,
): Promise<ClipIssue[]> {
  const demuxer = new MatroskaDemuxer()
  for await (const chunk of await media.getMedia(streamArn, [fragmentNumber], signal)) {
    for (const event of demuxer.push(chunk)) if (event.kind === 'tracks') return toCodecIssues(event.tracks)
  }
  return []
}

export function toCodecIssues(tracks: readonly MatroskaTrack[]): ClipIssue[] {
  const [video, audio] = tracks.toSorted((a, b) => a.number - b.number)
  if (video?.type !== 'video') {
    const message = `Track 1 must be video, H.264 or H.265, it is ${video ? `${video.type} (${givenText(video.codecId)})` : 'missing'}.`
    return [toError('UNSUPPORTED_VIDEO_CODEC', message, PATH)]
  }
  const outcomes = [video, ...(audio ? [audio] : [])].map((track) => ({ track, outcome: parseCodecPrivate(track) }))
  const issues = outcomes.flatMap(({ track, outcome }) => toIssue(track, outcome) ?? [])
  if (issues.length > 0) return issues
  const pair = outcomes.map(({ outcome }) => (outcome.state === 'ready' ? outcome.config.codec : '')).join(' ')
  if (PAIRS.has(pair)) return []
  const message = `AWS documents GetClip for H.264 with AAC or G.711 A-law and for H.265 with AAC, the stream holds ${pair.replace(' ', ' with ')}.`
  return [toWarning('UNSUPPORTED_AUDIO_CODEC', message, { ...PATH, hint: 'Kinesis Video may refuse the clip.' })]
}

function toIssue(track: MatroskaTrack, outcome: CodecOutcome): ClipIssue | null {
  const name = `Track ${track.number} (${givenText(track.codecId)})`
  switch (outcome.state) {
    case 'ready':
      return null
    case 'missing':
      return toError('MISSING_CODEC_PRIVATE_DATA', `${name} must have codec private data, it has none.`, PATH)
    case 'invalid':
      return toError('INVALID_CODEC_PRIVATE_DATA', `${name} has codec private data that cannot be used: ${outcome.reason}.`, PATH)
    case 'unsupported':
      return toError(unsupportedCode(track), `${name} must be H.264, H.265, AAC or G.711.`, PATH)
  }
}

function unsupportedCode({ type }: MatroskaTrack): ClipIssueCode {
  return type === 'video' ? 'UNSUPPORTED_VIDEO_CODEC' : 'UNSUPPORTED_AUDIO_CODEC'
}
