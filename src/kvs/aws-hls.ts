import { GetHLSStreamingSessionURLCommand } from '@aws-sdk/client-kinesis-video-archived-media'
import type { TimeRange } from '../domain/time-range.js'
import { AnswerFields } from './answer-fields.js'
import type { AwsDataCalls } from './aws-data-calls.js'
import type { DataEndpointCheck } from './data-endpoint-check.js'
import type { HlsSessionRequest, HlsSessionSource } from './ports.js'

const OPERATION = 'GetHLSStreamingSessionURL'
/** A session token has a few hundred characters. */
const MAX_URL_CHARACTERS = 8_192

export class AwsHlsSessionSource implements HlsSessionSource {
  constructor(
    private readonly data: AwsDataCalls,
    private readonly check: DataEndpointCheck,
  ) {}

  async getSessionUrl(request: HlsSessionRequest, signal: AbortSignal): Promise<string> {
    const { streamArn, playbackMode, fragmentSelectorType, range, expiresInSeconds } = request
    const command = new GetHLSStreamingSessionURLCommand({
      StreamARN: streamArn,
      PlaybackMode: playbackMode,
      HLSFragmentSelector: { FragmentSelectorType: fragmentSelectorType, ...toTimestampRange(range) },
      // Otherwise, a player cannot find out the time of a frame.
      DisplayFragmentTimestamp: 'ALWAYS',
      Expires: expiresInSeconds,
    })
    const answer = await this.data.run(
      {
        operation: OPERATION,
        endpoint: { streamArn, api: 'GET_HLS_STREAMING_SESSION_URL' },
        // The URL itself costs no points. The player's requests for playlists and fragments do.
        cost: { media: 0, metadata: 0 },
        request: (client) => client.send(command, { abortSignal: signal }),
      },
      signal,
    )
    const url = new AnswerFields(answer, OPERATION).text('HLSStreamingSessionURL', { maxLength: MAX_URL_CHARACTERS })
    // Players open the URL, so its host must be allowed. Checked without the query, because a refusal is logged and the query contains the session token.
    this.check(url.replace(/[?#].*$/s, ''))
    return url
  }
}

function toTimestampRange(range: TimeRange | null) {
  return range === null ? {} : { TimestampRange: { StartTimestamp: new Date(range.startMs), EndTimestamp: new Date(range.endMs) } }
}
