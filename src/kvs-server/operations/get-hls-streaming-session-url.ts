import { createHlsSession } from '../hls/create-hls-session.js'
import { type HlsRequest, parseHlsRequest } from '../hls/hls-request.js'
import type { Operation } from '../wire/operation.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

type Services = Pick<KvsServices, 'streams' | 'archive' | 'clock' | 'hlsTokens'>

/** The URL of a master playlist. The URL alone allows playing the session until it expires; later requests are not signed. */
export const getHlsStreamingSessionUrl: Operation<HlsRequest, Services> = {
  name: 'GetHLSStreamingSessionURL',
  parse: parseHlsRequest,
  run(request, { streams, archive, clock, hlsTokens }, { baseUrl }) {
    const stream = getStream(streams, request.stream)
    const token = hlsTokens.seal(createHlsSession(request, { archive, stream, now: clock.now() }))
    return { HLSStreamingSessionURL: `${baseUrl}/hls/v1/getHLSMasterPlaylist.m3u8?SessionToken=${token}` }
  },
}
