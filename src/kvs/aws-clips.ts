import { GetClipCommand } from '@aws-sdk/client-kinesis-video-archived-media'
import { KVS_LIMITS } from '../domain/limits.js'
import { toRetainedFrom } from '../domain/retention.js'
import type { Clock } from '../lib/clock.js'
import type { AwsDataCalls } from './aws-data-calls.js'
import { awsExceptionOf } from './aws-errors.js'
import type { AwsStreamCatalog } from './aws-streams.js'
import { openMediaBody } from './media-body.js'
import { type ClipBody, type ClipRefusal, ClipRefused, type ClipRequestOfKvs, type ClipSource, MOST_CLIP_BODY_BYTES } from './ports.js'

const OPERATION = 'GetClip'

/** Exceptions with one meaning. InvalidArgumentException and ResourceNotFoundException have several, see #findRefusal. */
const REFUSAL_BY_EXCEPTION: Readonly<Record<string, ClipRefusal>> = {
  NoDataRetentionException: 'NO_DATA_RETENTION',
  UnsupportedStreamMediaTypeException: 'UNSUPPORTED_MEDIA_TYPE',
  MissingCodecPrivateDataException: 'MISSING_CODEC_PRIVATE_DATA',
  InvalidCodecPrivateDataException: 'INVALID_CODEC_PRIVATE_DATA',
  InvalidMediaFrameException: 'INVALID_MEDIA_FRAME',
}

export class AwsClipSource implements ClipSource {
  constructor(
    private readonly data: AwsDataCalls,
    private readonly streams: AwsStreamCatalog,
    private readonly clock: Clock,
  ) {}

  async getClip(request: ClipRequestOfKvs, signal: AbortSignal): Promise<ClipBody> {
    try {
      const answer = await this.#request(request, signal)
      const { sizeBytes, bytes } = openMediaBody(answer.Payload, {
        operation: OPERATION,
        signal,
        maxBytes: MOST_CLIP_BODY_BYTES,
        onBytes: (count) => this.data.countBytes(OPERATION, count),
      })
      return { sizeBytes, bytes }
    } catch (error) {
      throw (await this.#findRefusal(error, request, signal)) ?? error
    }
  }

  #request({ streamArn, fragmentSelectorType, range, expectedFragments, isBulk, onThrottled }: ClipRequestOfKvs, signal: AbortSignal) {
    const points = Math.min(expectedFragments ?? KVS_LIMITS.maxFragmentsPerGetClip, KVS_LIMITS.maxFragmentsPerGetClip)
    const command = new GetClipCommand({
      StreamARN: streamArn,
      ClipFragmentSelector: {
        FragmentSelectorType: fragmentSelectorType,
        TimestampRange: { StartTimestamp: new Date(range.startMs), EndTimestamp: new Date(range.endMs) },
      },
    })
    return this.data.run(
      {
        operation: OPERATION,
        endpoint: { streamArn, api: 'GET_CLIP' },
        cost: { media: points, metadata: points },
        request: (client) => client.send(command, { abortSignal: signal }),
        isBulk,
        onThrottled,
      },
      signal,
    )
  }

  /** Null when the error is not about the footage or the range. */
  async #findRefusal(error: unknown, request: ClipRequestOfKvs, signal: AbortSignal): Promise<ClipRefused | null> {
    // The exception can come from GetDataEndpoint, which also answers 404 for an unknown stream.
    const exception = awsExceptionOf(error)
    if (exception === null) return null
    const refuse = (refusal: ClipRefusal) => new ClipRefused(refusal, exception.message, exception.requestId, { cause: error })
    const known = Object.hasOwn(REFUSAL_BY_EXCEPTION, exception.name) ? REFUSAL_BY_EXCEPTION[exception.name] : undefined
    if (known !== undefined) return refuse(known)
    if (exception.name === 'InvalidArgumentException' && /retention period/i.test(exception.message)) return refuse('OUTSIDE_RETENTION')
    if (exception.name === 'InvalidArgumentException') return refuse(await this.#toArgumentRefusal(request, signal))
    return exception.name === 'ResourceNotFoundException' ? refuse(await this.#toAbsence(request, signal)) : null
  }

  /** A 404 means that the stream does not exist, has no footage in the range, or that the footage has expired (kvs facts, 11.8 and 11.9). */
  async #toAbsence({ streamArn, fragmentSelectorType, range }: ClipRequestOfKvs, signal: AbortSignal): Promise<ClipRefusal> {
    const stream = await this.streams.describe({ arn: streamArn }, signal)
    if (stream === null) return 'STREAM_NOT_FOUND'
    const retainedFromMs = toRetainedFrom(stream, this.clock.now(), fragmentSelectorType)
    if (retainedFromMs === null) return 'NO_DATA_RETENTION'
    // By producer time this is a guess: the clock of the device can be wrong.
    return range.endMs < retainedFromMs ? 'OUTSIDE_RETENTION' : 'NO_FRAGMENTS'
  }

  /** Most of AWS's messages for invalid arguments are unknown. A start before the retention period can be detected without the message. */
  async #toArgumentRefusal({ streamArn, fragmentSelectorType, range }: ClipRequestOfKvs, signal: AbortSignal): Promise<ClipRefusal> {
    if (fragmentSelectorType === 'PRODUCER_TIMESTAMP') return 'INVALID_ARGUMENT'
    const stream = await this.streams.describe({ arn: streamArn }, signal)
    if (stream === null) return 'INVALID_ARGUMENT'
    const retainedFromMs = toRetainedFrom(stream, this.clock.now())
    return retainedFromMs === null || range.startMs < retainedFromMs ? 'OUTSIDE_RETENTION' : 'INVALID_ARGUMENT'
  }
}
