import type { ClipIssue } from '../domain/clip-issue.js'
import { givenText, toError, toWarning } from '../domain/clip-issue-text.js'
import type { AudioTrack, StreamMedia, VideoTrack } from '../domain/stream-media.js'
import { type CodecOutcome, parseCodecPrivate } from '../media/codec/codec-private.js'
import type { SampleTable } from '../media/matroska/sample-table.js'
import type { MatroskaTrack } from '../media/matroska/track.js'
import { estimateFrameRate } from '../media/timeline/frame-rate.js'
import type { FragmentReading } from './fragment-reading.js'
import { keyFrameIssues } from './key-frame-issues.js'

/** What AWS's page of playback requirements lists for GetClip; its API page takes G.711 without a word on which. */
const LISTED_PAIRS: ReadonlySet<string> = new Set(['h264', 'h264+aac', 'h264+alaw', 'h265', 'h265+aac'])
const CLIPPABLE = 'GetClip takes H.264 or H.265 as track 1, and AAC or G.711 as track 2.'

/** Above what cameras send; ticks that were taken for frames are far beyond it. */
const MAX_FRAME_RATE = 1000
const UNKNOWN_SIZE = { width: 0, height: 0 }

/** What is said of a codec whose CodecPrivate does not say more. */
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

/** What GetClip would say of a fragment like this, each fault once, those of the tracks first. */
export function toMediaIssues({ tracks, samples, invalidFrame }: FragmentReading): ClipIssue[] {
  const sorted = tracks.toSorted((a, b) => a.number - b.number)
  const outcomes = sorted.map(parseCodecPrivate)
  const issues = [...layoutIssues(sorted), ...sorted.flatMap((track, index) => codecIssues(track, outcomes[index]))]
  if (issues.length === 0) issues.push(...pairIssues(outcomes))
  if (invalidFrame !== null) {
    const hint =
      'The producer must send frames as its codec has them in MP4: H.264 and H.265 length-prefixed, not with start codes (Annex B).'
    issues.push(toError('INVALID_MEDIA_FRAME', `A frame is not what its codec says: ${invalidFrame}.`, { hint }))
  }
  // Of what no clip can be made of, it does not matter where a clip would begin.
  return issues.some(({ severity }) => severity === 'ERROR') ? issues : [...issues, ...keyFrameIssues(sorted, samples)]
}

/** Video first, then at most one track of audio. */
function layoutIssues(sorted: readonly MatroskaTrack[]): ClipIssue[] {
  const [video, audio, ...more] = sorted
  const issues: ClipIssue[] = []
  if (video?.type !== 'video') {
    const got = video ? `${givenText(video.codecId)}` : 'none'
    issues.push(toError('UNSUPPORTED_VIDEO_CODEC', `The first track must be video, it is ${got}.`, { hint: CLIPPABLE }))
  } else if (audio && audio.type !== 'audio') {
    issues.push(
      toError('UNSUPPORTED_AUDIO_CODEC', `The second track must be audio, it is ${givenText(audio.codecId)}.`, { hint: CLIPPABLE }),
    )
  }
  if (more.length > 0) {
    const text = `There must be at most two tracks, there are ${sorted.length}.`
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
      return [toError(code, `${where} has a codec of which no clip can be made.`, { hint: CLIPPABLE })]
    }
    case 'missing': {
      const hint = 'The producer must send it with the tracks, before the first frame.'
      return [
        toError('MISSING_CODEC_PRIVATE_DATA', `${where} has no codec private data, without which its frames cannot be decoded.`, { hint }),
      ]
    }
    case 'invalid': {
      const hint = 'H.264 needs it in avcC form, H.265 in hvcC form, AAC as AudioSpecificConfig, G.711 as WAVEFORMATEX.'
      return [toError('INVALID_CODEC_PRIVATE_DATA', `${where} has codec private data that cannot be used: ${outcome.reason}.`, { hint })]
    }
    default:
      return []
  }
}

function pairIssues(outcomes: readonly CodecOutcome[]): ClipIssue[] {
  const codecs = outcomes.flatMap((outcome) => (outcome.state === 'ready' ? [outcome.config.codec] : []))
  if (LISTED_PAIRS.has(codecs.join('+'))) return []
  const text = `${codecs.join(' with ')} is not in AWS's table of what GetClip plays, so GetClip may refuse it.`
  const hint = 'In that table are H.264 alone, with AAC or with G.711 A-law, and H.265 alone or with AAC.'
  return [toWarning('UNSUPPORTED_AUDIO_CODEC', text, { hint })]
}

function toVideoTrack(track: MatroskaTrack, { tracks, times }: SampleTable): VideoTrack {
  const outcome = parseCodecPrivate(track)
  // The SPS knows better than the container.
  const { width, height } = outcome.state === 'ready' && outcome.config.kind === 'video' ? outcome.config : (track.video ?? UNKNOWN_SIZE)
  const frameRate = estimateFrameRate(
    times.filter((_, row) => tracks[row] === track.number),
    declaredRates(track, outcome),
  )
  return { codecId: track.codecId, codec: toCodec(track), width, height, frameRate }
}

/** Frames a second, as the container and the codec have them: often true. */
function declaredRates({ frameDurationNs }: MatroskaTrack, outcome: CodecOutcome): number[] {
  const ofContainer = frameDurationNs === null ? null : 1e9 / frameDurationNs
  const ofCodec = outcome.state === 'ready' && outcome.config.kind === 'video' ? outcome.config.frameRate : null
  return [ofContainer, ofCodec].filter((rate): rate is number => rate !== null && rate <= MAX_FRAME_RATE)
}

/** CodecPrivate knows better than the track's own elements, which producers leave at their defaults. */
function toAudioTrack(track: MatroskaTrack): AudioTrack {
  const outcome = parseCodecPrivate(track)
  const sound = outcome.state === 'ready' && outcome.config.kind === 'audio' ? outcome.config : track.audio
  return { codecId: track.codecId, codec: toCodec(track), channels: sound?.channels ?? 0, sampleRate: Math.round(sound?.sampleRate ?? 0) }
}

function toCodec(track: MatroskaTrack): string {
  const outcome = parseCodecPrivate(track)
  return outcome.state === 'ready' ? outcome.config.rfc6381 : (BARE_CODECS[track.codecId] ?? track.codecId)
}
