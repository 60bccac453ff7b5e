import { Field, Int, ObjectType } from 'type-graphql'
import { ByteCountScalar } from '../scalars/whole-number.js'

@ObjectType('Limits', { description: 'The limits in force: those of GetClip and those of this gateway.', simpleResolvers: true })
export class LimitsType {
  @Field(() => Int, { description: 'Maximum number of fragments that one GetClip call returns.' })
  readonly maxFragmentsPerGetClip!: number

  @Field(() => ByteCountScalar, { description: 'Maximum bytes that one GetClip call returns.' })
  readonly maxBytesPerGetClip!: number

  @Field(() => Int, { description: 'Maximum range of a clip or of a list of fragments, in hours.' })
  readonly maxRangeHours!: number

  @Field(() => Int, { description: 'Maximum range of a coverage, in days.' })
  readonly maxCoverageDays!: number

  @Field(() => ByteCountScalar, { description: 'Maximum size of a clip in bytes (CLIP_MAX_BYTES).' })
  readonly maxClipBytes!: number

  @Field(() => Int, { description: 'Maximum lifetime of a URL in seconds (CLIP_URL_MAX_TTL).' })
  readonly maxUrlSeconds!: number

  @Field(() => Int, { description: 'Default lifetime of a URL in seconds (CLIP_URL_TTL).' })
  readonly defaultUrlSeconds!: number

  @Field(() => Int, { description: 'Maximum number of clips in one operation.' })
  readonly maxClipsPerRequest!: number
}
