import { GetHLSStreamingSessionURLCommand } from '@aws-sdk/client-kinesis-video-archived-media'
import { GatewayError } from '../domain/errors.js'
import type { TimeRange } from '../domain/time-range.js'
import type { AwsDataCalls } from './aws-data-calls.js'
import type { HlsSessionRequest, HlsSessionSource } from './ports.js'

const OPERATION = 'GetHLSStreamingSessionURL'

export class AwsHlsSessionSource implements HlsSessionSource {
  readonly #data: AwsDataCalls

  constructor({ data }: { data: AwsDataCalls }) {
    this.#data = data
  }

  async getSessionUrl(request: HlsSessionRequest, signal: AbortSignal): Promise<string> {
    const { streamArn, playbackMode, fragmentSelectorType, range, expiresInSeconds } = request
    const command = new GetHLSStreamingSessionURLCommand({
      StreamARN: streamArn,
      PlaybackMode: playbackMode,
      HLSFragmentSelector: { FragmentSelectorType: fragmentSelectorType, ...toTimestampRange(range) },
      // Without it a player cannot tell the time of a frame.
      DisplayFragmentTimestamp: 'ALWAYS',
      Expires: expiresInSeconds,
    })
    const answer = await this.#data.run(
      {
        operation: OPERATION,
        endpoint: { streamArn, api: 'GET_HLS_STREAMING_SESSION_URL' },
        // The session's URL costs nothing; its playlists and fragments do, and the player asks for those.
        cost: { media: 0, metadata: 0 },
        request: (client) => client.send(command, { abortSignal: signal }),
      },
      signal,
    )
    const url = answer.HLSStreamingSessionURL
    if (url === undefined || !URL.canParse(url))
      throw new GatewayError('KVS_UNAVAILABLE', `Kinesis Video answered ${OPERATION} without a URL.`)
    return url
  }
}

function toTimestampRange(range: TimeRange | null) {
  return range === null ? {} : { TimestampRange: { StartTimestamp: new Date(range.startMs), EndTimestamp: new Date(range.endMs) } }
}
