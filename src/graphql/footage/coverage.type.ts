import { Field, Int, ObjectType } from 'type-graphql'
import type { Coverage } from '../../domain/coverage.js'
import type { TimeRange } from '../../domain/time-range.js'
import { costOfList } from '../cost/field-cost.js'
import { ByteCountScalar, MillisecondsScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'

/** A typical number of spans or gaps in a range. */
const TYPICAL_ITEMS = 100

type Span = Coverage['spans'][number]

@ObjectType('CoverageSpan', {
  description: 'A range of footage without a gap.',
  simpleResolvers: true,
})
class CoverageSpanType implements Omit<Span, 'first'> {
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
    complexity: costOfList(TYPICAL_ITEMS),
    description:
      'Ranges with footage, sorted by time. A span includes the duration of its last frame, estimated as the median pause of the 32 fragments around its end.',
  })
  readonly spans!: readonly Span[]

  @Field(() => [TimestampRangeType], {
    complexity: costOfList(TYPICAL_ITEMS),
    description:
      'Ranges without footage, including those before the first span and after the last. A gap is a pause that is longer than maxGapMs and longer than twice the median pause of the 32 fragments around it. It starts at the end of the last frame before it. Footage of a fragment that starts before the range and extends into it is not a gap.',
  })
  readonly gaps!: readonly TimeRange[]

  @Field(() => Int, { description: 'Number of fragments that start in the range.' })
  readonly fragmentCount!: number

  @Field(() => ByteCountScalar, { description: 'Total size of the fragments, as ListFragments reports it.' })
  readonly sizeBytes!: number

  @Field(() => MillisecondsScalar, { description: 'Total duration of the spans, in milliseconds.' })
  readonly durationMs!: number
}
