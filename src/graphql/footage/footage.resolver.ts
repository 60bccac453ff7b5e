import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import type { Coverage } from '../../domain/coverage.js'
import type { StreamMedia } from '../../domain/stream-media.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { StreamDescription } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import type { RequestContext } from '../context.js'
import { costOfCoverage, costOfMedia } from '../field-cost.js'
import { FragmentSelectorTypeEnum } from '../fragment/fragment-selector-type.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { MillisecondsScalar } from '../scalars/whole-number.js'
import { onCurrentStream } from '../stream/on-current-stream.js'
import { StreamType } from '../stream/stream.type.js'
import { TimestampRangeInput } from '../time/timestamp-range.input.js'
import { CoverageType } from './coverage.type.js'
import { parseCoverageRange } from './coverage-range.js'
import type { FootageDesk } from './footage-desk.js'
import { StreamMediaType } from './stream-media.type.js'

/** The fields of a stream that look into its archive. */
@Resolver(() => StreamType)
export class FootageResolver {
  constructor(private readonly footage: FootageDesk) {}

  @FieldResolver(() => CoverageType, {
    nullable: true,
    complexity: costOfCoverage,
    description:
      'Where there is footage and where there is none, over limits.maxCoverageDays at most (ListFragments). The rest between two fragments is the start of the second minus the reported end of the first; a gap is a rest longer than maxGapMs and longer than twice the median rest of the 32 fragments around it. The first read is limited by the quota of the stream to about 10,000 fragments a second. Results are cached, even when the request timed out before the end. Null means that errors says why.',
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
      description: 'A rest up to this length is not a gap.',
    })
    maxGapMs: number,
  ): Promise<Coverage> {
    const asked = { range: parseCoverageRange(range), fragmentSelectorType, maxGapMs }
    return onCurrentStream(stream, ctx, (current) => this.footage.coverage(current, asked, ctx.signal))
  }

  @FieldResolver(() => StreamMediaType, {
    nullable: true,
    complexity: costOfMedia,
    description:
      'Codecs, size and frame rate, read from one fragment (GetMediaForFragmentList): the newest, or the one at the given instant. Null when there is no footage (at that instant), or when errors says why. The code is NOT_FOUND for footage without video.',
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
    return onCurrentStream(stream, ctx, (current) => this.footage.media(current, { instantMs: at, fragmentSelectorType }, ctx.signal))
  }
}
