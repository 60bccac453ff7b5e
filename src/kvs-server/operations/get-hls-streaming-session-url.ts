import { createHlsSession } from '../hls/create-hls-session.js'
import { parseHlsRequest } from '../hls/hls-request.js'
import type { KvsServices } from './kvs-services.js'
import { streamOperation } from './stream-operation.js'

/** The URL of a master playlist. The URL alone allows playing the session until it expires; later requests are not signed. */
export const getHlsStreamingSessionUrl = streamOperation({
  name: 'GetHLSStreamingSessionURL',
  parse: parseHlsRequest,
  run(stream, request, { archive, clock, hlsTokens }: Pick<KvsServices, 'archive' | 'clock' | 'hlsTokens'>, { baseUrl }) {
    const token = hlsTokens.seal(createHlsSession(request, { archive, stream, now: clock.now() }))
    return { HLSStreamingSessionURL: `${baseUrl}/hls/v1/getHLSMasterPlaylist.m3u8?SessionToken=${token}` }
  },
})
