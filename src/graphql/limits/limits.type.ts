import { Field, Int, ObjectType } from 'type-graphql'
import { ByteCountScalar } from '../scalars/whole-number.js'

@ObjectType('Limits', { description: 'The limits in force: those of GetClip and those of this gateway.', simpleResolvers: true })
export class LimitsType {
  @Field(() => Int, { description: 'The most fragments that one GetClip call gives.' })
  readonly maxFragmentsPerGetClip!: number

  @Field(() => ByteCountScalar, { description: 'The most bytes that one GetClip call gives.' })
  readonly maxBytesPerGetClip!: number

  @Field(() => Int, { description: 'The longest range of a clip or of a list of fragments, in hours.' })
  readonly maxRangeHours!: number

  @Field(() => Int, { description: 'The longest range of a coverage, in days.' })
  readonly maxCoverageDays!: number

  @Field(() => ByteCountScalar, { description: 'The largest clip that this gateway makes (CLIP_MAX_BYTES).' })
  readonly maxClipBytes!: number

  @Field(() => Int, { description: 'The longest that a URL may be opened, in seconds (CLIP_URL_MAX_TTL).' })
  readonly maxUrlSeconds!: number

  @Field(() => Int, { description: 'How long a URL may be opened when the request names no time, in seconds (CLIP_URL_TTL).' })
  readonly defaultUrlSeconds!: number

  @Field(() => Int, { description: 'The most clips that one operation may ask for.' })
  readonly maxClipsPerRequest!: number
}
