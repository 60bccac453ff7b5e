import { Field, Int, ObjectType } from 'type-graphql'
import type { Coverage } from '../../domain/coverage.js'
import type { TimeRange } from '../../domain/time-range.js'
import { costOfList } from '../field-cost.js'
import { ByteCountScalar, MillisecondsScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'

/** Spans and gaps that a range usually has. */
const LISTED = 100

type Span = Coverage['spans'][number]

@ObjectType('CoverageSpan', {
  description: 'A stretch of footage without a gap.',
  simpleResolvers: true,
})
export class CoverageSpanType implements Omit<Span, 'first'> {
  @Field(() => TimestampRangeType, {
    description: 'From the start of its first fragment to the end of its last. The end can be after the requested range.',
  })
  readonly range!: TimeRange

  @Field(() => Int, { description: 'Number of fragments in the span.' })
  readonly fragmentCount!: number

  @Field(() => ByteCountScalar, { description: 'Total size of the fragments, as ListFragments reports it.' })
  readonly sizeBytes!: number
}

@ObjectType('Coverage', {
  description: 'Footage and gaps in a range, computed from the fragments that start in it.',
  simpleResolvers: true,
})
export class CoverageType implements Coverage {
  @Field(() => [CoverageSpanType], {
    complexity: costOfList(LISTED),
    description: 'Sorted by time. The last frame of a span counts with the median rest of the 32 fragments around its end as its duration.',
  })
  readonly spans!: readonly Span[]

  @Field(() => [TimestampRangeType], {
    complexity: costOfList(LISTED),
    description:
      'The stretches of the range without footage, including those before the first span and after the last. A gap is a rest longer than maxGapMs and longer than twice the median rest of the 32 fragments around it. It starts at the end of the last frame before it. A fragment that starts before the range and extends into it leaves no gap.',
  })
  readonly gaps!: readonly TimeRange[]

  @Field(() => Int, { description: 'Number of fragments that start in the range.' })
  readonly fragmentCount!: number

  @Field(() => ByteCountScalar, { description: 'Total size of the fragments, as ListFragments reports it.' })
  readonly sizeBytes!: number

  @Field(() => MillisecondsScalar, { description: 'Total duration of the spans, in milliseconds.' })
  readonly durationMs!: number
}
