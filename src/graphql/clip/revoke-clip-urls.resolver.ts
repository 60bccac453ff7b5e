import { Arg, Ctx, Field, ID, Mutation, ObjectType, Resolver } from 'type-graphql'
import type { ClipService } from '../../delivery/clip-service.js'
import type { EpochMs } from '../../lib/clock.js'
import type { RequestContext } from '../context.js'
import { costOfCall } from '../cost/field-cost.js'
import { DateTimeScalar } from '../scalars/date-time.js'

@ObjectType('RevokeClipUrlsPayload', { description: 'The result of revokeClipUrls.', simpleResolvers: true })
class RevokeClipUrlsPayloadType {
  @Field(() => DateTimeScalar, {
    name: 'revokedBefore',
    simple: false,
    description: 'URLs that were issued before this time no longer open.',
  })
  readonly revokedBeforeMs!: EpochMs
}

@Resolver()
export class RevokeClipUrlsResolver {
  constructor(private readonly clips: Pick<ClipService, 'revokeUrls'>) {}

  @Mutation(() => RevokeClipUrlsPayloadType, {
    nullable: true,
    complexity: costOfCall,
    description:
      'Ends the URLs that were issued so far, of one clip or of one principal, for the streams that the caller may revoke. Give exactly one argument. Running downloads are cut, and the URLs respond with 410 REVOKED. URLs that are issued later open. On failure, this field is null and errors gives the reason.',
  })
  async revokeClipUrls(
    @Ctx() ctx: RequestContext,
    @Arg('clipId', () => ID, { nullable: true, description: 'Clip.id. Ends the URLs of the clip for all lifetimes and principals.' })
    clipId: string | null = null,
    @Arg('principal', () => String, { nullable: true, description: 'The ID of an API key, or ISSUER#SUBJECT of a token.' })
    principal: string | null = null,
  ): Promise<RevokeClipUrlsPayloadType> {
    return { revokedBeforeMs: await this.clips.revokeUrls({ clipId, principal }, ctx.caller) }
  }
}
