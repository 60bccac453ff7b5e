import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql'
import type { GuardedFragments } from '../../auth/guarded-reads.js'
import type { GuardedStreams } from '../../auth/guarded-streams.js'
import { GatewayError } from '../../domain/errors.js'
import { KVS_LIMITS } from '../../domain/limits.js'
import type { ListedFragment } from '../../domain/listed-fragment.js'
import { toRetainedFrom } from '../../domain/retention.js'
import { isStreamArn, isStreamName, type StreamRef } from '../../domain/stream-ref.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { ApiName, StreamDescription } from '../../kvs/ports.js'
import type { Clock, EpochMs } from '../../lib/clock.js'
import type { RequestContext } from '../context.js'
import { costOfCall, costOfListing, costOfPage, costOfTags } from '../cost/field-cost.js'
import { FragmentConnectionType, FragmentSelectorTypeEnum } from '../fragment/fragment.type.js'
import { listFragmentPage, toFragmentCursor } from '../fragment/fragment-page.js'
import { type Connection, checkFirst, parseCursor, toConnection, toCursor } from '../relay/connection.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { quoteInput } from '../scalars/quote-input.js'
import { UrlScalar } from '../scalars/url.js'
import { parseTimeRange, TimestampRangeInput } from '../time/timestamp-range.input.js'
import { onCurrentStream } from './on-current-stream.js'
import { ApiNameEnum, StreamConnectionType, StreamType, TagType } from './stream.type.js'
import { toStreamId } from './stream-id.js'

interface StreamServices {
  readonly streams: Pick<GuardedStreams, 'list' | 'tags'>
  readonly fragments: GuardedFragments
  readonly clock: Clock
}

@Resolver(() => StreamType)
export class StreamResolver {
  private readonly catalog: StreamServices['streams']
  private readonly fragmentLister: GuardedFragments
  private readonly clock: Clock

  constructor({ streams, fragments, clock }: StreamServices) {
    this.catalog = streams
    this.fragmentLister = fragments
    this.clock = clock
  }

  @Query(() => StreamType, {
    nullable: true,
    complexity: costOfCall,
    description: 'One stream. Give exactly one of name and arn. Null when the stream does not exist.',
  })
  stream(
    @Ctx() ctx: RequestContext,
    @Arg('name', () => String, { nullable: true, description: 'StreamName: 1 to 256 letters, digits, dots, underscores and hyphens.' })
    name: string | null = null,
    @Arg('arn', () => String, { nullable: true, description: 'StreamARN.' })
    arn: string | null = null,
  ): Promise<StreamDescription | null> {
    return ctx.streams.load(parseStreamRef(name, arn))
  }

  @Query(() => StreamConnectionType, {
    nullable: true,
    complexity: costOfPage,
    description: 'A page of streams, sorted by name.',
  })
  async streams(
    @Ctx() ctx: RequestContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'Maximum number of items: 1 to 1000.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor of the last item of the previous page.' }) after:
      | string
      | null = null,
    @Arg('namePrefix', () => String, { nullable: true, description: 'Only streams whose names start with this prefix. Case-sensitive.' })
    namePrefix: string | null = null,
  ): Promise<Connection<StreamDescription>> {
    checkFirst(first)
    const options = {
      limit: first,
      ...(namePrefix === null ? {} : { namePrefix: parseName('namePrefix', namePrefix) }),
      ...(after === null ? {} : { afterName: parseCursor('Stream', after) }),
    }
    const { streams, hasMore } = await this.catalog.list(options, ctx.caller)
    const page = { nodes: streams, hasNextPage: hasMore, hasPreviousPage: after !== null }
    return toConnection(page, (stream) => toCursor('Stream', stream.name))
  }

  @FieldResolver(() => ID, { description: 'Opaque and permanent, derived from the ARN. Pass it to Query.node to get the stream.' })
  id(@Root() stream: StreamDescription): string {
    return toStreamId(stream.arn)
  }

  @FieldResolver(() => DateTimeScalar, {
    nullable: true,
    description: 'The oldest server timestamp that a clip can include. Null when the stream keeps no footage.',
  })
  retainedFrom(@Root() stream: StreamDescription): EpochMs | null {
    return toRetainedFrom(stream, this.clock.now())
  }

  @FieldResolver(() => [TagType], {
    nullable: true,
    complexity: costOfTags,
    description: 'The tags of the stream, sorted by key (ListTagsForStream). On failure, this field is null and errors gives the reason.',
  })
  async tags(@Root() stream: StreamDescription, @Ctx() ctx: RequestContext): Promise<readonly TagType[]> {
    const tags = await onCurrentStream(stream, ctx, async ({ arn, name }) => {
      const found = await this.catalog.tags({ arn }, ctx.caller)
      if (found === null) throw new GatewayError('NOT_FOUND', `The stream ${name} no longer exists.`)
      return found
    })
    return tags.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  }

  @FieldResolver(() => UrlScalar, {
    nullable: true,
    complexity: costOfCall,
    description:
      'The data endpoint of this stream for one API (GetDataEndpoint). The lookups of an operation are batched, and results are cached for 45 minutes. On failure, this field is null and errors gives the reason.',
  })
  dataEndpoint(
    @Root() stream: StreamDescription,
    @Ctx() ctx: RequestContext,
    @Arg('apiName', () => ApiNameEnum, { defaultValue: 'GET_CLIP', description: 'The API that you want to call.' }) apiName: ApiName,
  ): Promise<string> {
    return onCurrentStream(stream, ctx, ({ arn }) => ctx.endpoints.load({ streamArn: arn, api: apiName }))
  }

  @FieldResolver(() => FragmentConnectionType, {
    nullable: true,
    complexity: costOfListing,
    description:
      'A page of the archived fragments that start in the range, sorted by time (ListFragments). On failure, this field is null and errors gives the reason.',
  })
  async fragments(
    @Root() stream: StreamDescription,
    @Ctx() ctx: RequestContext,
    @Arg('range', () => TimestampRangeInput, { description: 'The range to search, at most 24 hours.' }) range: TimestampRangeInput,
    @Arg('fragmentSelectorType', () => FragmentSelectorTypeEnum, {
      defaultValue: 'SERVER_TIMESTAMP',
      description: 'The clock of the range and of the sort order.',
    })
    fragmentSelectorType: FragmentSelectorType,
    @Arg('first', () => Int, { defaultValue: 100, description: 'Maximum number of items: 1 to 1000.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor of the last item of the previous page.' }) after:
      | string
      | null = null,
  ): Promise<Connection<ListedFragment>> {
    checkFirst(first)
    const query = { fragmentSelectorType, range: parseTimeRange(range, KVS_LIMITS.maxRangeHours, 'hours'), first, after }
    const page = await onCurrentStream(stream, ctx, ({ arn }) =>
      listFragmentPage(this.fragmentLister, { ...query, streamArn: arn }, ctx.caller),
    )
    return toConnection(page, (fragment) => toFragmentCursor(fragment, fragmentSelectorType))
  }
}

/** @throws GatewayError BAD_USER_INPUT unless exactly one of the two is given and valid */
function parseStreamRef(name: string | null, arn: string | null): StreamRef {
  if (name !== null && arn === null) return { name: parseName('name', name) }
  if (name !== null || arn === null) {
    throw new GatewayError('BAD_USER_INPUT', `Give exactly one of name and arn, not ${name === null ? 'neither' : 'both'}.`)
  }
  if (isStreamArn(arn)) return { arn }
  throw new GatewayError('BAD_USER_INPUT', `arn must be the ARN of a stream (arn:aws:kinesisvideo:…), got ${quoteInput(arn)}.`)
}

function parseName(argument: 'name' | 'namePrefix', text: string): string {
  if (isStreamName(text)) return text
  throw new GatewayError('BAD_USER_INPUT', `${argument} must be 1 to 256 of letters, digits, ".", "_" and "-", got ${quoteInput(text)}.`)
}
