import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { ClipIssue } from '../../domain/clip-issue.js'
import type { AudioTrack, StreamMedia, VideoTrack } from '../../domain/stream-media.js'
import { ClipIssueType } from '../clip/clip-issue.type.js'
import { costOfList } from '../field-cost.js'

@ObjectType('VideoTrack', { description: 'The video of a fragment.', simpleResolvers: true })
export class VideoTrackType implements VideoTrack {
  @Field(() => String, { description: 'CodecID of Matroska, for example V_MPEG4/ISO/AVC.' })
  readonly codecId!: string

  @Field(() => String, {
    description:
      'The RFC 6381 string, for example avc1.64001F or hvc1.1.6.L93.B0: what canPlayType takes. Without usable codec private data only its first part; the codecId for other codecs.',
  })
  readonly codec!: string

  @Field(() => Int, { description: 'Pixels, as the codec has them; as the container says where they cannot be read. 0 when neither says.' })
  readonly width!: number

  @Field(() => Int, { description: 'Pixels, as the codec has them; as the container says where they cannot be read. 0 when neither says.' })
  readonly height!: number

  @Field(() => Float, {
    nullable: true,
    description:
      'Frames a second over the fragment, from the times of its frames. Where it has only one picture: the rate at which fragments come, or the rate that the producer declares. Null when unknown.',
  })
  readonly frameRate!: number | null
}

@ObjectType('AudioTrack', { description: 'The sound of a fragment.', simpleResolvers: true })
export class AudioTrackType implements AudioTrack {
  @Field(() => String, { description: 'CodecID of Matroska, for example A_AAC.' })
  readonly codecId!: string

  @Field(() => String, { description: 'mp4a.40.2 (and its like), alaw or ulaw; the codecId for other codecs.' })
  readonly codec!: string

  @Field(() => Int, { description: 'How many channels.' })
  readonly channels!: number

  @Field(() => Int, { description: 'Hertz.' })
  readonly sampleRate!: number
}

@ObjectType('StreamMedia', { description: 'What one fragment of the stream holds.', simpleResolvers: true })
export class StreamMediaType implements StreamMedia {
  @Field(() => VideoTrackType, { description: 'Its first track of video.' })
  readonly video!: VideoTrack

  @Field(() => AudioTrackType, { nullable: true, description: 'Its first track of audio. Null when there is none.' })
  readonly audio!: AudioTrack | null

  @Field(() => Boolean, { description: 'Whether GetClip can make a clip of footage like this: no issue is an ERROR.' })
  readonly clippable!: boolean

  @Field(() => [ClipIssueType], {
    complexity: costOfList(3),
    description:
      'What GetClip would refuse it for: codecs, missing or invalid codec private data, frames that are not what their codec says. A WARNING where AWS does not say whether it takes the pair of codecs.',
  })
  readonly issues!: readonly ClipIssue[]
}
