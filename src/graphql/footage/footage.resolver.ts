import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import type { GuardedFootage } from '../../auth/guarded-reads.js'
import { type Coverage, MAX_COVERAGE_DAYS } from '../../domain/coverage.js'
import type { StreamMedia } from '../../domain/stream-media.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { StreamDescription } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import type { RequestContext } from '../context.js'
import { costOfCoverage, costOfMedia } from '../cost/field-cost.js'
import { FragmentSelectorTypeEnum } from '../fragment/fragment.type.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { MillisecondsScalar } from '../scalars/whole-number.js'
import { onCurrentStream } from '../stream/on-current-stream.js'
import { StreamType } from '../stream/stream.type.js'
import { parseTimeRange, TimestampRangeInput } from '../time/timestamp-range.input.js'
import { CoverageType } from './coverage.type.js'
import { StreamMediaType } from './stream-media.type.js'

/** The fields of a stream that read its archive. */
@Resolver(() => StreamType)
export class FootageResolver {
  constructor(private readonly footage: GuardedFootage) {}

  @FieldResolver(() => CoverageType, {
    nullable: true,
    complexity: costOfCoverage,
    description:
      'Where the stream has footage and where it has none, for at most limits.maxCoverageDays (ListFragments). A pause is the time from the reported end of one fragment to the start of the next. A gap is a pause that is longer than maxGapMs and longer than twice the median pause of the 32 fragments around it. The quota of the stream limits the first read to about 10,000 fragments a second. Results are cached, also when the request times out before the end. On failure, this field is null and errors gives the reason.',
  })
  coverage(
    @Root() stream: StreamDescription,
    @Ctx() ctx: RequestContext,
    @Arg('range', () => TimestampRangeInput, { description: 'The range to search, at most limits.maxCoverageDays.' })
    range: TimestampRangeInput,
    @Arg('fragmentSelectorType', () => FragmentSelectorTypeEnum, {
      defaultValue: 'SERVER_TIMESTAMP',
      description: 'The clock of the range and of the result.',
    })
    fragmentSelectorType: FragmentSelectorType,
    @Arg('maxGapMs', () => MillisecondsScalar, {
      defaultValue: 1000,
      description: 'A pause of up to this length is not a gap.',
    })
    maxGapMs: number,
  ): Promise<Coverage> {
    const query = { range: parseTimeRange(range, MAX_COVERAGE_DAYS, 'days'), fragmentSelectorType, maxGapMs }
    return onCurrentStream(stream, ctx, (current) => this.footage.coverage(current, query, ctx.caller))
  }

  @FieldResolver(() => StreamMediaType, {
    nullable: true,
    complexity: costOfMedia,
    description:
      'Codecs, size and frame rate, read from one fragment (GetMediaForFragmentList): the newest, or the one at the given instant. Null when there is no footage (at that instant), or on failure, when errors gives the reason. The code is NOT_FOUND for footage without video.',
  })
  media(
    @Root() stream: StreamDescription,
    @Ctx() ctx: RequestContext,
    @Arg('at', () => DateTimeScalar, { nullable: true, description: 'An instant inside the fragment. The default is the newest fragment.' })
    at: EpochMs | null = null,
    @Arg('fragmentSelectorType', () => FragmentSelectorTypeEnum, {
      defaultValue: 'SERVER_TIMESTAMP',
      description: 'The clock of the instant. The newest fragment is the newest by server time.',
    })
    fragmentSelectorType: FragmentSelectorType = 'SERVER_TIMESTAMP',
  ): Promise<StreamMedia | null> {
    return onCurrentStream(stream, ctx, (current) => this.footage.media(current, { instantMs: at, fragmentSelectorType }, ctx.caller))
  }
}
