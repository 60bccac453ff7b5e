import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql'
import { GatewayError } from '../../domain/errors.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { ApiName, FragmentInfo, FragmentLister, StreamCatalog, StreamDescription } from '../../kvs/ports.js'
import type { Clock, EpochMs } from '../../lib/clock.js'
import type { RequestContext } from '../context.js'
import { costOfCall, costOfListing, costOfPage, costOfTags } from '../field-cost.js'
import { FragmentConnectionType } from '../fragment/fragment.type.js'
import { listFragmentPage, toFragmentCursor } from '../fragment/fragment-page.js'
import { FragmentSelectorTypeEnum } from '../fragment/fragment-selector-type.js'
import { toStreamId } from '../node/stream-id.js'
import { type Connection, toConnection } from '../page/connection.js'
import { parseCursor, toCursor } from '../page/cursor.js'
import { checkFirst } from '../page/first.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { UrlScalar } from '../scalars/url.js'
import { parseListRange } from '../time/list-range.js'
import { TimestampRangeInput } from '../time/timestamp-range.input.js'
import { ApiNameEnum } from './api-name.js'
import { onCurrentStream } from './on-current-stream.js'
import { StreamConnectionType, StreamType } from './stream.type.js'
import { parseNamePrefix, parseStreamChoice } from './stream-choice.js'
import { TagType } from './tag.type.js'

const HOUR_MS = 3_600_000

@Resolver(() => StreamType)
export class StreamResolver {
  private readonly catalog: StreamCatalog
  private readonly fragmentLister: FragmentLister
  private readonly clock: Clock

  constructor({ streams, fragments, clock }: { streams: StreamCatalog; fragments: FragmentLister; clock: Clock }) {
    this.catalog = streams
    this.fragmentLister = fragments
    this.clock = clock
  }

  @Query(() => StreamType, {
    nullable: true,
    complexity: costOfCall,
    description: 'One stream. Give exactly one of name and arn. Null when there is none.',
  })
  stream(
    @Ctx() ctx: RequestContext,
    @Arg('name', () => String, { nullable: true, description: 'StreamName: 1 to 256 letters, digits, dots, underscores and hyphens.' })
    name: string | null = null,
    @Arg('arn', () => String, { nullable: true, description: 'StreamARN.' })
    arn: string | null = null,
  ): Promise<StreamDescription | null> {
    return ctx.streams.load(parseStreamChoice(name, arn))
  }

  @Query(() => StreamConnectionType, {
    nullable: true,
    complexity: costOfPage,
    description: 'Streams in order of name, in pages.',
  })
  async streams(
    @Ctx() ctx: RequestContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'Maximum number of items: 1 to 1000.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the item before the page.' }) after: string | null = null,
    @Arg('namePrefix', () => String, { nullable: true, description: 'Only streams whose names start with this prefix. Case-sensitive.' })
    namePrefix: string | null = null,
  ): Promise<Connection<StreamDescription>> {
    checkFirst(first)
    const options = {
      limit: first,
      ...(namePrefix === null ? {} : { namePrefix: parseNamePrefix(namePrefix) }),
      ...(after === null ? {} : { afterName: parseCursor('Stream', after) }),
    }
    const { streams, hasMore } = await this.catalog.list(options, ctx.signal)
    const page = { nodes: streams, hasNextPage: hasMore, hasPreviousPage: after !== null }
    return toConnection(page, (stream) => toCursor('Stream', stream.name))
  }

  @FieldResolver(() => ID, { description: 'Opaque and permanent, derived from the ARN. Pass it to Query.node to get the stream.' })
  id(@Root() stream: StreamDescription): string {
    return toStreamId(stream.arn)
  }

  @FieldResolver(() => DateTimeScalar, {
    nullable: true,
    description: 'The oldest instant that can still be clipped, by server time. Null when nothing is kept.',
  })
  retainedFrom(@Root() stream: StreamDescription): EpochMs | null {
    if (stream.dataRetentionInHours === 0) return null
    return Math.max(stream.createdAtMs, this.clock.now() - stream.dataRetentionInHours * HOUR_MS)
  }

  @FieldResolver(() => [TagType], {
    nullable: true,
    complexity: costOfTags,
    description: 'ListTagsForStream, in order of key. Null means that errors says why.',
  })
  async tags(@Root() stream: StreamDescription, @Ctx() ctx: RequestContext): Promise<readonly TagType[]> {
    const tags = await onCurrentStream(stream, ctx, async ({ arn, name }) => {
      const found = await this.catalog.tags({ arn }, ctx.signal)
      if (found === null) throw new GatewayError('NOT_FOUND', `The stream ${name} is gone.`)
      return found
    })
    return tags.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  }

  @FieldResolver(() => UrlScalar, {
    nullable: true,
    complexity: costOfCall,
    description:
      'The data endpoint of this stream for one API (GetDataEndpoint). Lookups of one operation are batched and shared. Results are cached for 45 minutes. Null means that errors says why.',
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
      'Archived fragments whose start lies in the range (24 hours at most), in order of time (ListFragments). Null means that errors says why.',
  })
  async fragments(
    @Root() stream: StreamDescription,
    @Ctx() ctx: RequestContext,
    @Arg('range', () => TimestampRangeInput, { description: 'The range to search, at most 24 hours.' }) range: TimestampRangeInput,
    @Arg('fragmentSelectorType', () => FragmentSelectorTypeEnum, {
      defaultValue: 'SERVER_TIMESTAMP',
      description: 'The clock of the range and of the order.',
    })
    fragmentSelectorType: FragmentSelectorType,
    @Arg('first', () => Int, { defaultValue: 100, description: 'Maximum number of items: 1 to 1000.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the item before the page.' }) after: string | null = null,
  ): Promise<Connection<FragmentInfo>> {
    checkFirst(first)
    const query = { fragmentSelectorType, range: parseListRange(range), first, after }
    const page = await onCurrentStream(stream, ctx, ({ arn }) =>
      listFragmentPage(this.fragmentLister, { ...query, streamArn: arn }, ctx.signal),
    )
    return toConnection(page, (fragment) => toFragmentCursor(fragment, fragmentSelectorType))
  }
}
