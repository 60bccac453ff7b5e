import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql'
import type { ClipService } from '../../delivery/clip-service.js'
import { isStreamArn } from '../../domain/stream-ref.js'
import type { RequestContext } from '../context.js'
import { costOfClip } from '../cost/field-cost.js'
import { NodeType, type TypedNode } from '../relay/node.type.js'
import { parseStreamId } from '../stream/stream-id.js'

@Resolver()
export class NodeResolver {
  constructor(private readonly clips: Pick<ClipService, 'find'>) {}

  @Query(() => NodeType, {
    nullable: true,
    complexity: costOfClip,
    description:
      'Relay: the object with this id. Does not start a fetch: a clip that is neither stored nor being fetched is IDLE. Null when this gateway did not issue the id, or the object no longer exists.',
  })
  node(
    @Ctx() ctx: RequestContext,
    @Arg('id', () => ID, { description: 'The id of a Stream or a Clip.' }) id: string,
  ): Promise<TypedNode | null> {
    const arn = parseStreamId(id)
    return arn === null ? this.findClip(id, ctx) : findStream(arn, ctx)
  }

  private async findClip(id: string, ctx: RequestContext): Promise<TypedNode | null> {
    const clip = await this.clips.find(id, ctx.caller)
    return clip && { __typename: 'Clip', ...clip }
  }
}

async function findStream(arn: string, ctx: RequestContext): Promise<TypedNode | null> {
  const stream = isStreamArn(arn) ? await ctx.streams.load({ arn }) : null
  return stream && { __typename: 'Stream', ...stream }
}
