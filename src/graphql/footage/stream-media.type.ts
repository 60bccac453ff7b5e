import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { ClipIssue } from '../../domain/clip-issue.js'
import type { AudioTrack, StreamMedia, VideoTrack } from '../../domain/stream-media.js'
import { ClipIssueType } from '../clip/clip-issue.type.js'
import { costOfList } from '../cost/field-cost.js'

@ObjectType('VideoTrack', { description: 'The video track of a fragment.', simpleResolvers: true })
class VideoTrackType implements VideoTrack {
  @Field(() => String, { description: 'The Matroska CodecID, for example V_MPEG4/ISO/AVC.' })
  readonly codecId!: string

  @Field(() => String, {
    description:
      'The codec string of RFC 6381, for example avc1.64001F or hvc1.1.6.L93.B0, as canPlayType expects it. Without usable codec private data, only its first part. For other codecs, the codecId.',
  })
  readonly codec!: string

  @Field(() => Int, {
    description:
      'Width in pixels, from the codec configuration. From the container when the codec configuration is unreadable. 0 when unknown.',
  })
  readonly width!: number

  @Field(() => Int, {
    description:
      'Height in pixels, from the codec configuration. From the container when the codec configuration is unreadable. 0 when unknown.',
  })
  readonly height!: number

  @Field(() => Float, {
    nullable: true,
    description:
      'Frames per second, computed from the frame times of the fragment. When the fragment has only one frame, the rate of fragments, or the rate that the producer declares. Null when unknown.',
  })
  readonly frameRate!: number | null
}

@ObjectType('AudioTrack', { description: 'The audio track of a fragment.', simpleResolvers: true })
class AudioTrackType implements AudioTrack {
  @Field(() => String, { description: 'The Matroska CodecID, for example A_AAC.' })
  readonly codecId!: string

  @Field(() => String, { description: 'mp4a.40.2 (or another AAC profile), alaw or ulaw. For other codecs, the codecId.' })
  readonly codec!: string

  @Field(() => Int, { description: 'Number of channels.' })
  readonly channels!: number

  @Field(() => Int, { description: 'Sample rate in hertz.' })
  readonly sampleRate!: number
}

@ObjectType('StreamMedia', { description: 'The tracks of one fragment of the stream.', simpleResolvers: true })
export class StreamMediaType implements StreamMedia {
  @Field(() => VideoTrackType, { description: 'The first video track.' })
  readonly video!: VideoTrack

  @Field(() => AudioTrackType, { nullable: true, description: 'The first audio track. Null when there is none.' })
  readonly audio!: AudioTrack | null

  @Field(() => Boolean, { description: 'True when GetClip supports this footage: no issue is an ERROR.' })
  readonly clippable!: boolean

  @Field(() => [ClipIssueType], {
    complexity: costOfList(3),
    description:
      'Why GetClip would fail: unsupported codecs, missing or invalid codec private data, or invalid frames. A WARNING means that AWS does not document support for this pair of codecs.',
  })
  readonly issues!: readonly ClipIssue[]
}
