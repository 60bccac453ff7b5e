import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql'
import type { Clip, ClipAnswer, ClipValidation } from '../../domain/clip.js'
import { GatewayError } from '../../domain/errors.js'
import type { StreamDescription } from '../../kvs/ports.js'
import type { RequestContext } from '../context.js'
import { costOfCall, costOfClip, costOfClips, costOfValidation } from '../field-cost.js'
import { MAX_CLIPS_PER_REQUEST } from '../limits/max-clips-per-request.js'
import { StreamType } from '../stream/stream.type.js'
import { ClipInputType } from './clip.input.js'
import { ClipType } from './clip.type.js'
import type { ClipDesk } from './clip-desk.js'
import { ClipValidationType } from './clip-validation.type.js'
import { RequestClipPayloadType } from './request-clip-payload.type.js'

@Resolver(() => ClipType)
export class ClipResolver {
  constructor(private readonly clips: ClipDesk) {}

  @Query(() => ClipValidationType, {
    nullable: true,
    complexity: costOfValidation,
    description:
      'What requestClip would do with this input, without fetching media (except one fragment when probe is true). Null means that errors says why.',
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
    return this.clips.validate(input, { probe }, ctx.signal)
  }

  @Query(() => ClipType, {
    nullable: true,
    complexity: costOfClip,
    description:
      'A clip that was requested before, by its id. Does not start a fetch: a clip that is neither stored nor being fetched is IDLE. Null when the id is not ours or no longer valid.',
  })
  clip(@Ctx() ctx: RequestContext, @Arg('id', () => ID, { description: 'Clip.id.' }) id: string): Promise<Clip | null> {
    return this.clips.find(id, ctx.signal)
  }

  @Mutation(() => RequestClipPayloadType, {
    nullable: true,
    complexity: costOfClip,
    description:
      'Calls GetClip and answers with a URL from which the MP4 streams. Refusals are data (issues), not GraphQL errors. Null means that errors says why.',
  })
  requestClip(
    @Ctx() ctx: RequestContext,
    @Arg('input', () => ClipInputType, { description: 'The clip to request.' }) input: ClipInputType,
  ): Promise<ClipAnswer> {
    return this.clips.request(input, ctx.signal)
  }

  @Mutation(() => [RequestClipPayloadType], {
    nullable: 'items',
    complexity: costOfClips,
    description:
      'The same range on many streams, or many ranges: one item each, in order; an item is null when errors says why. One failure does not touch the others.',
  })
  async requestClips(
    @Ctx() ctx: RequestContext,
    @Arg('inputs', () => [ClipInputType], { description: 'The clips to request, at most limits.maxClipsPerRequest.' })
    inputs: ClipInputType[],
  ): Promise<(ClipAnswer | Error)[]> {
    if (inputs.length > MAX_CLIPS_PER_REQUEST) {
      throw new GatewayError('BAD_USER_INPUT', `inputs must be at most ${MAX_CLIPS_PER_REQUEST}, got ${inputs.length}.`)
    }
    // The executor reads an Error among the items as the failure of that item.
    return Promise.all(inputs.map((input) => this.clips.request(input, ctx.signal).catch(toError)))
  }

  @Mutation(() => RequestClipPayloadType, {
    nullable: true,
    complexity: costOfClip,
    description:
      'A fresh URL for a clip whose URL has expired. Does not start a fetch. The lifetime is part of the id: another expiresInSeconds returns a clip with another id, and both ids stay valid. Null means that errors says why. The code is NOT_FOUND when the id is not ours.',
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
    const answer = await this.clips.renew(id, expiresInSeconds, ctx.signal)
    if (answer === null) throw new GatewayError('NOT_FOUND', 'There is no clip with this id.')
    return answer
  }

  @FieldResolver(() => StreamType, {
    nullable: true,
    complexity: costOfCall,
    description: 'The stream of the clip. Null when the stream no longer exists, or when errors says why.',
  })
  stream(@Root() clip: Clip, @Ctx() ctx: RequestContext): Promise<StreamDescription | null> {
    return ctx.streams.load({ arn: clip.streamArn })
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('A clip request failed with something that is no Error', { cause: reason })
}
