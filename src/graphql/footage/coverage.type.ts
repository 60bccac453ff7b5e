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
    description: 'From the start of its first fragment to the end of its last, which may lie behind the range that was asked for.',
  })
  readonly range!: TimeRange

  @Field(() => Int, { description: 'How many fragments it has.' })
  readonly fragmentCount!: number

  @Field(() => ByteCountScalar, { description: 'Their sizes as ListFragments reports them, summed up.' })
  readonly sizeBytes!: number
}

@ObjectType('Coverage', {
  description: 'Where there is footage and where there is none, told from the fragments that start in a range.',
  simpleResolvers: true,
})
export class CoverageType implements Coverage {
  @Field(() => [CoverageSpanType], {
    complexity: costOfList(LISTED),
    description: 'In order of time. The last frame of a span is counted as long as the median rest of the 32 fragments around its end.',
  })
  readonly spans!: readonly Span[]

  @Field(() => [TimestampRangeType], {
    complexity: costOfList(LISTED),
    description:
      'The stretches of the range without footage, also before the first span and after the last. A gap is a rest longer than maxGapMs and longer than twice the median rest of the 32 fragments around it; it begins where the last frame before it ends. A fragment that began before the range and reaches into it leaves no gap.',
  })
  readonly gaps!: readonly TimeRange[]

  @Field(() => Int, { description: 'How many fragments start in the range.' })
  readonly fragmentCount!: number

  @Field(() => ByteCountScalar, { description: 'Their sizes as ListFragments reports them, summed up.' })
  readonly sizeBytes!: number

  @Field(() => MillisecondsScalar, { description: 'How long the spans are together, in milliseconds.' })
  readonly durationMs!: number
}
