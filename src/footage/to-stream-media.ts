import type { ClipIssue } from '../domain/clip-issue.js'
import { durationText, givenText, toError, toWarning } from '../domain/clip-issue-text.js'
import type { AudioTrack, StreamMedia, VideoTrack } from '../domain/stream-media.js'
import { at } from '../lib/at.js'
import { type CodecOutcome, parseCodecPrivate } from '../media/codec/codec-private.js'
import { NOT_KEY, type SampleTable } from '../media/matroska/sample-table.js'
import type { MatroskaTrack } from '../media/matroska/track.js'
import { estimateFrameRate } from '../media/timeline/frame-rate.js'
import type { FragmentReading } from './fragment-reading.js'

/** The pairs in the playback requirements of AWS for GetClip. The API page lists G.711 without its variants. */
const LISTED_PAIRS: ReadonlySet<string> = new Set(['h264', 'h264+aac', 'h264+alaw', 'h265', 'h265+aac'])
const CLIPPABLE = 'GetClip supports H.264 or H.265 as track 1, and AAC or G.711 as track 2.'
const KEY_FRAME_HINT =
  'Configure the producer to start each fragment with a key frame (ffmpeg: -cluster_time_limit 20000 -cluster_size_limit 50M). Until then use cut EXACT, which fetches back to the key frame that the first picture needs.'

/** More than cameras send. A rate of clock ticks, mistaken for a frame rate, is far higher. */
const MAX_FRAME_RATE = 1000

/** The codec string without usable CodecPrivate. */
const BARE_CODECS: Readonly<Record<string, string>> = {
  'V_MPEG4/ISO/AVC': 'avc1',
  'V_MPEG/ISO/AVC': 'avc1',
  'V_MPEGH/ISO/HEVC': 'hvc1',
  A_AAC: 'mp4a.40',
}

/** Null for a fragment without video. */
export function toStreamMedia(reading: FragmentReading): StreamMedia | null {
  const video = reading.tracks.find(({ type }) => type === 'video')
  if (!video) return null
  const audio = reading.tracks.find(({ type }) => type === 'audio')
  const issues = toMediaIssues(reading)
  return {
    video: toVideoTrack(video, reading.samples),
    audio: audio ? toAudioTrack(audio) : null,
    clippable: issues.every(({ severity }) => severity !== 'ERROR'),
    issues,
  }
}

/** Why GetClip would refuse a fragment: each reason once, those of the tracks first. */
export function toMediaIssues({ tracks, samples, invalidFrame }: FragmentReading): ClipIssue[] {
  const sorted = tracks.toSorted((a, b) => a.number - b.number)
  const outcomes = sorted.map(parseCodecPrivate)
  const issues = [...layoutIssues(sorted), ...sorted.flatMap((track, index) => codecIssues(track, outcomes[index]))]
  if (issues.length === 0) issues.push(...pairIssues(outcomes))
  if (invalidFrame !== null) {
    const hint = 'The producer must send H.264 and H.265 frames length-prefixed, as in MP4, not with start codes (Annex B).'
    issues.push(toError('INVALID_MEDIA_FRAME', `A frame is invalid for its codec: ${invalidFrame}.`, { hint }))
  }
  // If no clip is possible, its start does not matter.
  return issues.some(({ severity }) => severity === 'ERROR') ? issues : [...issues, ...keyFrameIssues(sorted, samples)]
}

/** Video must come first, followed by at most one audio track. */
function layoutIssues(sorted: readonly MatroskaTrack[]): ClipIssue[] {
  const [video, audio, ...more] = sorted
  const issues: ClipIssue[] = []
  if (video?.type !== 'video') {
    const given = video ? givenText(video.codecId) : 'no track'
    issues.push(toError('UNSUPPORTED_VIDEO_CODEC', `The first track must be video (got ${given}).`, { hint: CLIPPABLE }))
  } else if (audio && audio.type !== 'audio') {
    issues.push(
      toError('UNSUPPORTED_AUDIO_CODEC', `The second track must be audio (got ${givenText(audio.codecId)}).`, { hint: CLIPPABLE }),
    )
  }
  if (more.length > 0) {
    const text = `GetClip supports at most two tracks (got ${sorted.length}).`
    issues.push(
      toError(more.some(({ type }) => type === 'video') ? 'UNSUPPORTED_VIDEO_CODEC' : 'UNSUPPORTED_AUDIO_CODEC', text, { hint: CLIPPABLE }),
    )
  }
  return issues
}

function codecIssues(track: MatroskaTrack, outcome: CodecOutcome | undefined): ClipIssue[] {
  const where = `Track ${track.number} (${givenText(track.codecId)})`
  switch (outcome?.state) {
    case 'unsupported': {
      const code = track.type === 'video' ? 'UNSUPPORTED_VIDEO_CODEC' : 'UNSUPPORTED_AUDIO_CODEC'
      return [toError(code, `${where} has a codec that GetClip does not support.`, { hint: CLIPPABLE })]
    }
    case 'missing': {
      const hint = 'Configure the producer to send it with the tracks.'
      return [toError('MISSING_CODEC_PRIVATE_DATA', `${where} has no codec private data, which is needed to decode its frames.`, { hint })]
    }
    case 'invalid': {
      const hint = 'H.264 needs it in avcC form, H.265 in hvcC form, AAC as AudioSpecificConfig, G.711 as WAVEFORMATEX.'
      return [toError('INVALID_CODEC_PRIVATE_DATA', `${where} has invalid codec private data: ${outcome.reason}.`, { hint })]
    }
    default:
      return []
  }
}

function pairIssues(outcomes: readonly CodecOutcome[]): ClipIssue[] {
  const codecs = outcomes.flatMap((outcome) => (outcome.state === 'ready' ? [outcome.config.codec] : []))
  if (LISTED_PAIRS.has(codecs.join('+'))) return []
  const text = `The AWS documentation does not list ${codecs.join(' with ')} for GetClip, so GetClip may refuse it.`
  const hint = 'The documentation lists H.264 with AAC, G.711 A-law or no audio, and H.265 with AAC or no audio.'
  return [toWarning('UNSUPPORTED_AUDIO_CODEC', text, { hint })]
}

/** A warning if a clip that starts with this fragment cannot show its first picture. */
function keyFrameIssues(tracks: readonly MatroskaTrack[], samples: SampleTable): ClipIssue[] {
  const video = tracks.find(({ type }) => type === 'video')
  if (video === undefined || samples.count === 0) return []
  const rows = Array.from(samples.tracks.keys()).filter((row) => samples.tracks[row] === video.number)
  const [first] = rows
  if (first !== undefined && samples.keys[first] !== NOT_KEY) return []
  return [toWarning('STARTS_WITHOUT_KEY_FRAME', toKeyFrameText(rows, samples), { hint: KEY_FRAME_HINT })]
}

function toKeyFrameText(rows: readonly number[], { keys, times }: SampleTable): string {
  if (rows.length === 0) return 'The fragment has no picture, so a clip that starts with it shows nothing at first.'
  const key = rows.find((row) => keys[row] !== NOT_KEY)
  if (key === undefined) return 'The fragment has no key frame, so its pictures need a key frame of an earlier fragment.'
  const laterMs = at(times, key) - Math.min(...rows.map((row) => at(times, row)))
  const where = laterMs > 0 ? ` Its key frame comes ${durationText(laterMs)} after its first picture.` : ''
  return `The fragment does not start with a key frame.${where} The pictures before the key frame need a key frame of an earlier fragment.`
}

function toVideoTrack(track: MatroskaTrack, { tracks, times }: SampleTable): VideoTrack {
  const outcome = parseCodecPrivate(track)
  // The SPS is more reliable than the container.
  const { width, height } =
    outcome.state === 'ready' && outcome.config.kind === 'video' ? outcome.config : (track.video ?? { width: 0, height: 0 })
  const frameRate = estimateFrameRate(
    times.filter((_, row) => tracks[row] === track.number),
    declaredRates(track, outcome),
  )
  return { codecId: track.codecId, codec: toCodec(track), width, height, frameRate }
}

/** Frames per second, as declared by the container and the codec. */
function declaredRates({ frameDurationNs }: MatroskaTrack, outcome: CodecOutcome): number[] {
  const ofContainer = frameDurationNs === null ? null : 1e9 / frameDurationNs
  const ofCodec = outcome.state === 'ready' && outcome.config.kind === 'video' ? outcome.config.frameRate : null
  return [ofContainer, ofCodec].filter((rate): rate is number => rate !== null && rate <= MAX_FRAME_RATE)
}

/** CodecPrivate is more reliable than the elements of the track, which producers often leave at their defaults. */
function toAudioTrack(track: MatroskaTrack): AudioTrack {
  const outcome = parseCodecPrivate(track)
  const sound = outcome.state === 'ready' && outcome.config.kind === 'audio' ? outcome.config : track.audio
  return { codecId: track.codecId, codec: toCodec(track), channels: sound?.channels ?? 0, sampleRate: Math.round(sound?.sampleRate ?? 0) }
}

function toCodec(track: MatroskaTrack): string {
  const outcome = parseCodecPrivate(track)
  return outcome.state === 'ready' ? outcome.config.rfc6381 : (BARE_CODECS[track.codecId] ?? track.codecId)
}
