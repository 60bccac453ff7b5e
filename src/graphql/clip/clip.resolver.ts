import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, type ResolverData, Root, Subscription } from 'type-graphql'
import type { ClipService } from '../../delivery/clip-service.js'
import type { Clip, ClipAnswer, ClipValidation } from '../../domain/clip.js'
import { GatewayError } from '../../domain/errors.js'
import type { StreamDescription } from '../../kvs/ports.js'
import type { RequestContext } from '../context.js'
import { costOfCall, costOfClip, costOfClips, costOfValidation } from '../cost/field-cost.js'
import { StreamType } from '../stream/stream.type.js'
import { ClipInputType, MAX_CLIPS_PER_REQUEST } from './clip.input.js'
import { ClipType, RequestClipPayloadType } from './clip.type.js'
import { ClipValidationType } from './clip-validation.type.js'

@Resolver(() => ClipType)
export class ClipResolver {
  constructor(private readonly clips: Pick<ClipService, 'validate' | 'request' | 'find' | 'renew'>) {}

  @Query(() => ClipValidationType, {
    nullable: true,
    complexity: costOfValidation,
    description:
      'What requestClip would do with this input, without fetching media (except one fragment when probe is true). On failure, this field is null and errors gives the reason.',
  })
  validateClip(
    @Ctx() ctx: RequestContext,
    @Arg('input', () => ClipInputType, { description: 'The input of requestClip.' }) input: ClipInputType,
    @Arg('probe', () => Boolean, {
      defaultValue: false,
      description:
        'Also check the first fragment of the clip: its codecs, their private data, its frames, and whether it starts with a key frame.',
    })
    probe: boolean,
  ): Promise<ClipValidation> {
    return this.clips.validate(input, { probe }, ctx.caller)
  }

  @Query(() => ClipType, {
    nullable: true,
    complexity: costOfClip,
    description:
      'A clip that was requested before, by its id. Does not start a fetch: a clip that is neither stored nor being fetched is IDLE. Null when this gateway did not issue the id, or the id is no longer valid.',
  })
  clip(@Ctx() ctx: RequestContext, @Arg('id', () => ID, { description: 'Clip.id.' }) id: string): Promise<Clip | null> {
    return this.clips.find(id, ctx.caller)
  }

  @Mutation(() => RequestClipPayloadType, {
    nullable: true,
    complexity: costOfClip,
    description:
      'Calls GetClip and returns a URL that streams the MP4. Refusals are data (issues), not GraphQL errors. On failure, this field is null and errors gives the reason.',
  })
  requestClip(
    @Ctx() ctx: RequestContext,
    @Arg('input', () => ClipInputType, { description: 'The clip to request.' }) input: ClipInputType,
  ): Promise<ClipAnswer> {
    return this.clips.request(input, ctx.caller)
  }

  @Mutation(() => [RequestClipPayloadType], {
    nullable: 'items',
    complexity: costOfClips,
    description:
      'Requests several clips, for example the same range of many streams. Returns one item for each input, in order. A failed item is null and errors gives the reason; the other items are not affected.',
  })
  async requestClips(
    @Ctx() ctx: RequestContext,
    @Arg('inputs', () => [ClipInputType], { description: 'The clips to request, at most limits.maxClipsPerRequest.' })
    inputs: ClipInputType[],
  ): Promise<(ClipAnswer | Error)[]> {
    if (inputs.length > MAX_CLIPS_PER_REQUEST) {
      throw new GatewayError('BAD_USER_INPUT', `inputs must be at most ${MAX_CLIPS_PER_REQUEST}, got ${inputs.length}.`)
    }
    // The executor reports an Error in the list as the failure of that item only.
    return Promise.all(inputs.map((input) => this.clips.request(input, ctx.caller).catch(toError)))
  }

  @Mutation(() => RequestClipPayloadType, {
    nullable: true,
    complexity: costOfClip,
    description:
      'A fresh URL for a clip whose URL has expired. Does not start a fetch. The lifetime is part of the id: another expiresInSeconds returns a clip with another id, and both ids stay valid. On failure, this field is null and errors gives the reason. The code is NOT_FOUND when this gateway did not issue the id.',
  })
  async renewClipUrl(
    @Ctx() ctx: RequestContext,
    @Arg('id', () => ID, { description: 'Clip.id.' }) id: string,
    @Arg('expiresInSeconds', () => Int, {
      nullable: true,
      description: 'Minimum lifetime of the new URL in seconds, from 1 to limits.maxUrlSeconds. The default is the lifetime in the id.',
    })
    expiresInSeconds: number | null = null,
  ): Promise<ClipAnswer> {
    const answer = await this.clips.renew(id, expiresInSeconds, ctx.caller)
    if (answer === null) throw new GatewayError('NOT_FOUND', 'There is no clip with this id.')
    return answer
  }

  @Subscription(() => ClipType, {
    complexity: costOfClip,
    description:
      'The current state of the clip, and then each change until it is READY or FAILED. At most four updates a second; the last state is always sent. Starts the fetch of a clip that is not stored. The error NOT_FOUND means that this gateway did not issue the id.',
    subscribe: watchClip,
  })
  clipProgress(@Root() clip: Clip, @Arg('id', () => ID, { description: 'Clip.id.' }) _id: string): Clip {
    return clip
  }

  @FieldResolver(() => StreamType, {
    nullable: true,
    complexity: costOfCall,
    description: 'The stream of the clip. Null when the stream no longer exists, or when errors gives another reason.',
  })
  stream(@Root() clip: Clip, @Ctx() ctx: RequestContext): Promise<StreamDescription | null> {
    return ctx.streams.load({ arn: clip.streamArn })
  }
}

/** type-graphql calls `subscribe` without the resolver, so the clip service comes from the context. */
async function watchClip({ args, context }: Pick<ResolverData<RequestContext>, 'args' | 'context'>): Promise<AsyncIterable<Clip>> {
  const clips = await context.watchClip(String(args.id))
  if (clips === null) throw new GatewayError('NOT_FOUND', 'There is no clip with this id.')
  return clips
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('A clip request failed with a value that is not an Error', { cause: reason })
}
