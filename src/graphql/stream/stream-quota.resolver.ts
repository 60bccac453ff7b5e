import { Ctx, Field, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql'
import type { GuardedQuotas } from '../../auth/guarded-reads.js'
import type { StreamDescription, StreamQuotaPoints } from '../../kvs/ports.js'
import type { RequestContext } from '../context.js'
import { StreamType } from './stream.type.js'

@ObjectType('StreamQuota', {
  description: 'The quota of archived reads of a stream, in points. Reads of other programs are unknown to this gateway.',
  simpleResolvers: true,
})
class StreamQuotaType implements StreamQuotaPoints {
  @Field(() => Int, { description: 'Points for reading media, each second (GetClip, GetMediaForFragmentList).' })
  readonly mediaPointsPerSecond!: number

  @Field(() => Int, { description: 'Points for reading media that are available now.' })
  readonly mediaPointsAvailable!: number

  @Field(() => Int, { description: 'Points for listing fragments, each second (ListFragments).' })
  readonly metadataPointsPerSecond!: number

  @Field(() => Int, { description: 'Points for listing fragments that are available now.' })
  readonly metadataPointsAvailable!: number
}

@Resolver(() => StreamType)
export class StreamQuotaResolver {
  constructor(private readonly quotas: GuardedQuotas) {}

  @FieldResolver(() => StreamQuotaType, {
    description: 'The remaining quota of archived reads of the stream, as far as this gateway knows.',
  })
  quota(@Root() { arn }: StreamDescription, @Ctx() ctx: RequestContext): Promise<StreamQuotaPoints> {
    return this.quotas.read(arn, ctx.caller)
  }
}
