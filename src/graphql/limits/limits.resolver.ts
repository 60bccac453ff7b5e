import { Query, Resolver } from 'type-graphql'
import { MAX_COVERAGE_DAYS } from '../../domain/coverage.js'
import { KVS_LIMITS } from '../../domain/limits.js'
import { MAX_CLIPS_PER_REQUEST } from '../clip/clip.input.js'
import { LimitsType } from './limits.type.js'

export interface ClipLimits {
  readonly maxClipBytes: number
  readonly maxUrlSeconds: number
  readonly defaultUrlSeconds: number
}

@Resolver()
export class LimitsResolver {
  constructor(private readonly clipLimits: ClipLimits) {}

  @Query(() => LimitsType, { description: 'The limits in force: those of GetClip and those of this gateway.' })
  limits(): LimitsType {
    const { maxFragmentsPerGetClip, maxBytesPerGetClip, maxRangeHours } = KVS_LIMITS
    return {
      maxFragmentsPerGetClip,
      maxBytesPerGetClip,
      maxRangeHours,
      maxCoverageDays: MAX_COVERAGE_DAYS,
      ...this.clipLimits,
      maxClipsPerRequest: MAX_CLIPS_PER_REQUEST,
    }
  }
}
